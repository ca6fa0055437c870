import type { Builder } from '@imago/core'

import { virtualBoxBuilder } from './builder.ts'
import type { AnyOptions, VirtualBoxVmOptions } from './virtualbox-options.ts'
import type { ResultFormat, VirtualBoxArtifact } from './virtualbox-result.ts'

/**
 * Builds from a machine that is in VirtualBox already: in a clone of it, or in the machine itself. Otherwise as `virtualboxIso()`. Packer's
 * `virtualbox-vm`.
 *
 * Fails with `IMAGE_NOT_FOUND` when VirtualBox has no such machine.
 * @example
 * virtualboxVm({
 *   vm: 'base',
 *   snapshot: 'installed',
 *   ssh: { user: 'root', password: 'cow' },
 *   result: { format: 'ova', path: 'out/cow.ova' },
 * })
 */
export function virtualboxVm<const F extends ResultFormat>(options: VirtualBoxVmOptions<F>): Builder<VirtualBoxArtifact<NoInfer<F>>> {
  const own: AnyOptions = { ...options, kind: 'vm' }
  // `result` is of format F, and so is what it makes.
  return virtualBoxBuilder(options, own) as unknown as Builder<VirtualBoxArtifact<F>>
}
