import type { LocalCommand } from '@imago/core'
import { ImagoError, isImagoError, runLocal } from '@imago/core'

/** What a program printed, and how it ended. */
export interface ProgramResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** How to run a hypervisor's program. */
export interface ProgramOptions {
  readonly signal: AbortSignal
  /** What to do when there is no such program. */
  readonly hint: string
  /** Told of what it prints, as it comes. */
  readonly onOutput?: LocalCommand['onOutput']
}

/** The error of a program that is not installed. */
export function programMissing(program: string, cause: unknown, hint: string): ImagoError {
  return new ImagoError('TOOL_MISSING', `there is no program '${program}' on this machine`, { cause, hint })
}

/**
 * Runs a hypervisor's program and takes what it prints.
 * @throws ImagoError `TOOL_MISSING` with the hint. An exit code other than 0 is a result.
 */
export async function runProgram(command: readonly string[], { signal, hint, onOutput }: ProgramOptions): Promise<ProgramResult> {
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
    throw isImagoError(error, 'TOOL_MISSING') ? programMissing(command[0] ?? '', error, hint) : error
  }
}
