import type { ImagoError } from '@imago/core'
import type { ProgramOptions, ProgramResult } from '@imago/hypervisor'
import { programMissing, runProgram } from '@imago/hypervisor'

/** How to run one of QEMU's programs. */
export interface ToolOptions extends Omit<ProgramOptions, 'hint'> {
  /** What to do when there is no such program. @default install QEMU */
  readonly hint?: string
}

/** How to come by the emulator of a TPM. */
export const swtpmHint = "install swtpm: 'apt-get install swtpm', 'dnf install swtpm', 'brew install swtpm'"

const qemuHint = "install QEMU: 'apt-get install qemu-system-x86 qemu-utils', 'dnf install qemu-kvm qemu-img', 'brew install qemu'"

/** The error of a program that is not installed. */
export function toolMissing(program: string, cause: unknown): ImagoError {
  return programMissing(program, cause, qemuHint)
}

/**
 * Runs one of QEMU's programs and takes what it prints.
 * @throws ImagoError `TOOL_MISSING` with what to install. An exit code other than 0 is a result.
 */
export async function runTool(command: readonly string[], { hint = qemuHint, ...options }: ToolOptions): Promise<ProgramResult> {
  return await runProgram(command, { ...options, hint })
}
