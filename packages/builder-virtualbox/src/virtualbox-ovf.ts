import type { Builder } from '@imago/core'

import { virtualBoxBuilder } from './builder.ts'
import type { AnyOptions, VirtualBoxOvfOptions } from './virtualbox-options.ts'
import type { ResultFormat, VirtualBoxArtifact } from './virtualbox-result.ts'

/**
 * Builds in a virtual machine that an appliance describes: an OVA, or an OVF with its disks. The appliance is not changed. Otherwise as
 * `virtualboxIso()`. Packer's `virtualbox-ovf`.
 * @example
 * virtualboxOvf({
 *   source: { url: 'base.ova', checksum: 'none' },
 *   ssh: { user: 'root', password: 'cow' },
 *   shutdown: { command: 'poweroff' },
 *   result: { format: 'ova', path: 'out/cow.ova' },
 * })
 */
export function virtualboxOvf<const F extends ResultFormat>(options: VirtualBoxOvfOptions<F>): Builder<VirtualBoxArtifact<NoInfer<F>>> {
  const own: AnyOptions = { ...options, kind: 'ovf' }
  // `result` is of format F, and so is what it makes.
  return virtualBoxBuilder(options, own) as unknown as Builder<VirtualBoxArtifact<F>>
}
