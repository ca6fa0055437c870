import { ImagoError } from '@imago/core'

/** A message does not hold more of what an agent said, in characters. */
const maxDetail = 600

/** How an agent failed. */
export interface AgentFailure {
  /** What was run: `'puppet apply'`. */
  readonly what: string
  readonly exitCode: number
  /** What the agent says of each thing that failed, the first first. */
  readonly failures: readonly string[]
  /** What the exit code means, where the agent did not say more. */
  readonly meaning?: string | undefined
  readonly hint?: string | undefined
}

/** The error of an agent that failed: it names what failed first, and says how much more did. */
export function agentFailure({ what, exitCode, failures, meaning, hint }: AgentFailure): ImagoError {
  const [first, ...others] = [...new Set(failures)]
  const detail = first === undefined ? meaning : first.length > maxDetail ? `${first.slice(0, maxDetail)}…` : first
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  const message = `${what} failed with exit code ${exitCode}${detail === undefined ? '' : `: ${detail}`}${more}`
  return new ImagoError('COMMAND_FAILED', message, { exitCode, hint: hint ?? 'see its output' })
}
