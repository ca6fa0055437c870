import { docker } from '@imago/builder-docker'
import { artifactOf, defineImage, parameterized } from '@imago/core'
import { checksum } from '@imago/post-processor-checksum'
import { compress } from '@imago/post-processor-compress'
import { dockerSave, dockerTag } from '@imago/post-processor-docker'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { z } from 'zod'

const parameters = z.object({
  /** The Debian image to start from. */
  base: z.string().default('debian:12'),
  version: z.string().default('1.0'),
})

/** What all our servers have. */
const baseImage = (from: string) =>
  defineImage({
    name: 'base',
    builders: { docker: docker({ image: from }) },
    provisioners: [shell({ name: 'remove caches', inline: ['rm -rf /var/cache/apt/archives/*.deb', 'echo base > /etc/motd'] })],
  })

/** A base image and a site on top of it, saved, compressed and with its checksum: `imago build examples/web --var version=1.1`. */
export default parameterized(parameters, ({ base, version }) =>
  defineImage({
    name: 'web',
    builders: {
      docker: docker({
        image: artifactOf(baseImage(base), 'docker'),
        result: { type: 'commit', config: { cmd: ['cat', '/srv/site/index.html'], labels: { version } } },
      }),
    },
    provisioners: [
      file({ source: 'site/', destination: '/srv/site' }),
      shell({ inline: ['sed -i "s/VERSION/$SITE_VERSION/" /srv/site/index.html'], env: { SITE_VERSION: version } }),
    ],
    postProcessors: [
      [
        dockerTag({ repository: 'web', tags: [version] }),
        dockerSave({ path: 'out/web.tar' }),
        compress({ output: 'out/web.tar.gz' }),
        checksum({ output: 'out/SHA256SUMS' }),
      ],
    ],
  }),
)
