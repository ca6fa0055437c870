import type { QemuOptions } from './qemu-options.ts'

/** The program that runs the machine. */
export function systemProgram({ arch = 'x86_64', programs }: Pick<QemuOptions, 'arch' | 'programs'>): string {
  return programs?.system ?? `qemu-system-${arch}`
}
