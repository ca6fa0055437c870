import { amazonEbs } from '@imago/builder-amazon'
import { reboot } from '@imago/communicator-ssh'
import { defineImage, parameterized } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { z } from 'zod'

const parameters = z.object({
  region: z.string().default('us-west-2'),
  version: z.string().default('1.0'),
})

/** A site on Debian, as an AMI in two regions: `imago build examples/ami --var version=1.1`. */
export default parameterized(parameters, ({ region, version }) =>
  defineImage({
    name: 'cow-server',
    builders: {
      aws: amazonEbs({
        region,
        sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
        instanceType: ['t3.small', 't3a.small'],
        ami: {
          name: 'cow-server-{timestamp}',
          description: `the cows' site ${version}`,
          regions: ['eu-west-1'],
          tags: { version, base: (facts) => facts.sourceImage ?? '' },
          deprecateAfter: '180d',
        },
      }),
    },
    provisioners: [
      file({ source: 'site/', destination: '/tmp/site' }),
      shell({
        name: 'put the site into its place',
        inline: ['sed -i "s/VERSION/$SITE_VERSION/" /tmp/site/index.html', 'sudo mkdir -p /srv', 'sudo cp -r /tmp/site /srv/site'],
        env: { SITE_VERSION: version },
      }),
      reboot(),
      shell({ name: 'the site is there after a reboot', inline: ['grep -q Moo /srv/site/index.html'] }),
    ],
  }),
)
