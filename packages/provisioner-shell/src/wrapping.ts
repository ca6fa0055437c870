import type { Facts } from '@imago/core'
import { shellJoin } from '@imago/core'

/** The command that runs a script, for {@link Wrap}. */
export interface ScriptCommand {
  /** A program with its arguments. It reads the environment and the script from its standard input. */
  readonly argv: readonly string[]
  /** The same as one POSIX shell command. */
  readonly line: string
  readonly facts: Facts
}

/**
 * Puts another command around the one that runs a script: a program with its arguments, or a POSIX shell command. It must hand its
 * standard input on.
 * @example wrap: ({ argv }) => ['chroot', '/mnt', ...argv]
 * @example wrap: ({ line }) => ['su', '-', 'deploy', '-c', line]
 */
export type Wrap = (command: ScriptCommand) => string | readonly string[]

/** The command as the user wraps it. */
export function underWrap(argv: readonly string[], wrap: Wrap, facts: Facts): string {
  const command = wrap({ argv, line: shellJoin(argv), facts })
  return typeof command === 'string' ? command : shellJoin(command)
}
