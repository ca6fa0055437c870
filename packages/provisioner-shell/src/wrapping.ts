import type { Facts, Secret } from '@imago/core'
import { shellJoin } from '@imago/core'

/** How to run scripts as another user. */
export interface SudoOptions {
  /** @default 'root' */
  readonly user?: string
  /** For a user that must give one. It goes over standard input. @default none is needed */
  readonly password?: Secret
  /** Keeps the environment of the machine's user too (`sudo -E`). The step's own `env` is always there. @default false */
  readonly preserveEnv?: boolean
}

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

/** The options of `sudo`, where it is used. */
export function sudoOptions(sudo: boolean | SudoOptions | undefined): SudoOptions | undefined {
  if (typeof sudo === 'object') return sudo
  return sudo === true ? {} : undefined
}

/** Whether the script runs as another user than root, who could not read a file of the machine's user. */
export function runsAsOther(sudo: SudoOptions | undefined): boolean {
  return sudo?.user !== undefined && sudo.user !== 'root'
}

/** The command under `sudo`. A user who is root already needs none: images of containers have no `sudo`. */
export function underSudo(argv: readonly string[], sudo: SudoOptions): string {
  const options = [
    ...(sudo.password === undefined ? ['-n'] : ['-S', '-p', '']),
    ...(sudo.preserveEnv === true ? ['-E'] : []),
    ...(sudo.user === undefined ? [] : ['-u', sudo.user]),
  ]
  const command = `exec ${shellJoin(['sudo', ...options, '--', ...argv])}`
  return runsAsOther(sudo) ? command : `if [ "$(id -u)" = 0 ]; then exec ${shellJoin(argv)}; else ${command}; fi`
}

/** The command as the user wraps it. */
export function underWrap(argv: readonly string[], wrap: Wrap, facts: Facts): string {
  const command = wrap({ argv, line: shellJoin(argv), facts })
  return typeof command === 'string' ? command : shellJoin(command)
}
