import type { ProvisionContext } from '@imago/core'
import { ImagoError, isImagoError, runLocal } from '@imago/core'

/** What a program of this machine prepares, and what to say when it does not. */
export interface LocalTool {
  /** The program, a verb of it, and the rest of its arguments. */
  readonly command: readonly [program: string, verb: string, ...rest: readonly string[]]
  /** Where it runs. Absolute. */
  readonly cwd: string
  /** What it works on, for messages. */
  readonly subject: string
  /** Added to this process's environment. @default none */
  readonly env?: Readonly<Record<string, string>>
  /** What to do when it is not there. */
  readonly missingHint: string
}

/**
 * Runs a program of this machine that prepares what an agent needs. Its output is the step's.
 * @throws ImagoError `TOOL_MISSING` when there is no such program, `COMMAND_FAILED` with its last line when it fails
 */
export async function runLocalTool(tool: LocalTool, { signal, output }: Pick<ProvisionContext, 'signal' | 'output'>): Promise<void> {
  const { command, cwd, env, subject, missingHint } = tool
  let said = ''
  const onOutput: ProvisionContext['output'] = (stream, chunk) => {
    said = (said + Buffer.from(chunk).toString('utf8')).slice(-4096)
    output(stream, chunk)
  }
  const run = runLocal({ command, cwd, signal, onOutput, ...(env !== undefined && { env }) })
  const { exitCode } = await run.catch((error: unknown) => {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    throw new ImagoError('TOOL_MISSING', error.message, { cause: error, hint: missingHint })
  })
  if (exitCode === 0) return
  const last = said.trim().split('\n').at(-1) ?? ''
  throw new ImagoError('COMMAND_FAILED', `'${command[0]} ${command[1]}' ended with exit code ${exitCode} for '${subject}': ${last}`, {
    exitCode,
    hint: 'see its output; it runs on this machine',
  })
}
