import type { LocalInput } from '@imago/core'
import { vmInputs } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'

/** The local files that the machine is made with, apart from the images that it starts from. Also of options that validation reports. */
export function machineInputs(options: QemuOptions): readonly LocalInput[] {
  const { kernel, firmware } = options
  return [
    ...vmInputs(options),
    ...file(kernel?.image, 'kernel', 'image'),
    ...file(kernel?.initrd, 'kernel', 'initrd'),
    ...(['code', 'vars', 'bios'] as const).flatMap((name) => (typeof firmware === 'object' ? file(firmware[name], 'firmware', name) : [])),
  ]
}

function file(path: unknown, ...at: readonly string[]): LocalInput[] {
  return typeof path === 'string' ? [{ path, at, kind: 'file' }] : []
}
