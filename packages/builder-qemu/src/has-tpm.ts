import type { QemuOptions } from './qemu-options.ts'

/** Whether the machine has a TPM, of whichever version. */
export function hasTpm({ tpm = false }: Pick<QemuOptions, 'tpm'>): boolean {
  return tpm !== false
}
