import { qemu } from '@imago/builder-qemu'
import { defineImage, parameterized } from '@imago/core'
import { dockerImport } from '@imago/post-processor-docker'
import { shell } from '@imago/provisioner-shell'
import { z } from 'zod'

const cloudImages = 'https://cloud.debian.org/images/cloud/bookworm/latest'

const parameters = z.object({
  /** A disk image with cloud-init and an SSH server. */
  disk: z.string().default(`${cloudImages}/debian-12-generic-amd64.qcow2`),
  /** Where its checksum is; `none` does without. */
  checksums: z.string().default(`${cloudImages}/SHA512SUMS`),
  /** The user whom cloud-init lets in. */
  user: z.string().default('debian'),
})

/**
 * A machine that is built once, for two places: its disk starts in any hypervisor, and its file system, without the kernel, is a Docker
 * image. `imago build examples/vm-to-docker`
 */
export default parameterized(parameters, ({ disk, checksums, user }) =>
  defineImage({
    name: 'cow',
    builders: {
      vm: qemu({
        disk: { url: disk, checksum: checksums === 'none' ? checksums : { url: checksums } },
        cloudInit: { userData: { hostname: 'cow' } },
        ssh: { user },
        result: {
          format: 'qcow2',
          path: 'out/cow.qcow2',
          compress: 'zstd',
          rootfs: { path: 'out/cow.tar', exclude: ['/boot', '/usr/lib/modules', '/usr/lib/firmware'] },
        },
      }),
    },
    provisioners: [shell({ name: 'the cow', inline: ['echo "Moo from Debian $(cat /etc/debian_version)." > /etc/motd'], sudo: true })],
    postProcessors: [dockerImport({ repository: 'cow', tag: '1.0', changes: ['CMD ["cat", "/etc/motd"]'] })],
  }),
)
