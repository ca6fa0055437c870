import type { LocalCommand } from '@imago/core'
import { ImagoError, runLocal } from '@imago/core'

/** What a program printed, and how it ended. */
export interface ToolResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** How to run one of QEMU's programs. */
export interface ToolOptions {
  readonly signal: AbortSignal
  /** What to do when there is no such program. @default install QEMU */
  readonly hint?: string
  /** Told of what it prints, as it comes. */
  readonly onOutput?: LocalCommand['onOutput']
}

/** How to come by the emulator of a TPM. */
export const swtpmHint = "install swtpm: 'apt-get install swtpm', 'dnf install swtpm', 'brew install swtpm'"

const qemuHint = "install QEMU: 'apt-get install qemu-system-x86 qemu-utils', 'dnf install qemu-kvm qemu-img', 'brew install qemu'"

/** The error of a program that is not installed. */
export function toolMissing(program: string, cause: unknown, hint: string = qemuHint): ImagoError {
  return new ImagoError('TOOL_MISSING', `there is no program '${program}' on this machine`, { cause, hint })
}

/**
 * Runs one of QEMU's programs and takes what it prints.
 * @throws ImagoError `TOOL_MISSING` with what to install. An exit code other than 0 is a result.
 */
export async function runTool(command: readonly string[], { signal, hint, onOutput }: ToolOptions): Promise<ToolResult> {
  const printed = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  try {
    const { exitCode } = await runLocal({
      command,
      signal,
      onOutput: (stream, chunk) => {
        printed[stream].push(Uint8Array.from(chunk))
        onOutput?.(stream, chunk)
      },
    })
    return { exitCode, stdout: Buffer.concat(printed.stdout).toString(), stderr: Buffer.concat(printed.stderr).toString() }
  } catch (error) {
    throw error instanceof ImagoError && error.code === 'TOOL_MISSING' ? toolMissing(command[0] ?? '', error, hint) : error
  }
}
