import type { Builder } from '@imago/core'

import { virtualBoxBuilder } from './builder.ts'
import type { AnyOptions, VirtualBoxIsoOptions } from './virtualbox-options.ts'
import type { ResultFormat, VirtualBoxArtifact } from './virtualbox-result.ts'

/**
 * Builds in a new virtual machine of VirtualBox, from the installer on an ISO image. The provisioners reach the guest over SSH; then it is
 * shut down, and becomes an appliance (OVA or OVF), an archive of its file system, a machine that stays, or nothing. Packer's
 * `virtualbox-iso`.
 *
 * Fails with `TOOL_MISSING` when VirtualBox is not there or older than 7, `PROVIDER_FAILED` with VBoxManage's own words, `MACHINE_LOST`
 * when the guest goes off in the middle, `TIMEOUT` when it does not let us in (the message has the last cause), `DEFINITION_INVALID` when
 * another machine has the name that this one is to keep, `CHECKSUM_MISMATCH`, `NETWORK`, `DISK_FULL`, `OUTPUT_UNWRITABLE`. When a build fails, a picture of the screen
 * and what the guest said on its serial port are kept beside the result.
 * @example
 * virtualboxIso({
 *   iso: { url: 'netinst.iso', checksum: { url: 'SHA256SUMS' } },
 *   diskSize: '10g',
 *   guestOsType: 'Debian_64',
 *   http: { directory: 'http' },
 *   boot: { command: ({ httpUrl }) => [`<esc><wait>auto url=${httpUrl}/preseed.cfg<enter>`] },
 *   ssh: { user: 'root', password: 'cow' },
 *   result: { format: 'ova', path: 'out/cow.ova' },
 * })
 */
export function virtualboxIso<const F extends ResultFormat>(options: VirtualBoxIsoOptions<F>): Builder<VirtualBoxArtifact<NoInfer<F>>> {
  const own: AnyOptions = { ...options, kind: 'iso' }
  // `result` is of format F, and so is what it makes.
  return virtualBoxBuilder(options, own) as unknown as Builder<VirtualBoxArtifact<F>>
}
