import { hostBinaries, oci } from '@imago/builder-oci'
import { defineImage } from '@imago/core'
import { checksum } from '@imago/post-processor-checksum'
import { manifest } from '@imago/post-processor-manifest'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'

/** An OCI image made of this machine's own `sh`, `cat` and `ls`: it needs no daemon, no root and no network. */
export default defineImage({
  name: 'hello',
  builders: {
    oci: oci({
      from: hostBinaries({ commands: ['sh', 'cat', 'ls'] }),
      cmd: ['cat', '/srv/site/hello.txt'],
      tag: 'hello:1.0',
      output: 'out/hello.oci.tar',
    }),
  },
  provisioners: [
    file({ source: 'site', destination: '/srv' }),
    shell({ name: 'greet', inline: ['echo "Hello from $IMAGO_BUILD_NAME" >> /srv/site/hello.txt', 'cat /srv/site/hello.txt'] }),
  ],
  postProcessors: [checksum({ output: 'out/SHA256SUMS' }), manifest({ output: 'out/manifest.json' })],
})
