import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { abortError, ImagoError, messageOf, systemCode } from '@imago/core'

const execute = promisify(execFile)

/** How to run a tool. */
export interface RunToolOptions {
  readonly signal: AbortSignal
  /** @default the current folder */
  readonly cwd?: string
  /** The whole environment. @default this process's own */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs a program of this machine that is short and says little; answers with its standard output.
 * @throws ImagoError `TOOL_MISSING`; `PROVIDER_FAILED` with what it said, when it fails; `CANCELLED`, `TIMEOUT`
 */
export async function runTool(program: string, args: readonly string[], options: RunToolOptions): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { ...options, maxBuffer: 16 << 20 })
    return stdout
  } catch (error) {
    if (options.signal.aborted) throw abortError(options.signal)
    if (systemCode(error) === 'ENOENT') {
      throw new ImagoError('TOOL_MISSING', `there is no program '${program}' on this machine`, { cause: error })
    }
    throw new ImagoError('PROVIDER_FAILED', saidBy(error) || `${program}: ${messageOf(error)}`, { cause: error })
  }
}

/** What a program that failed has written to standard error. */
function saidBy(error: unknown): string {
  return error instanceof Error && 'stderr' in error ? firstLine(String(error.stderr)) : ''
}

/** The line of a program's complaint that says what is wrong; the others follow from it, or give general advice. */
export function firstLine(said: string): string {
  return said.trim().split('\n', 1)[0] ?? ''
}
