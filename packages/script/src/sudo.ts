import type { Secret } from '@imago/core'
import { optionSchema, shellJoin } from '@imago/core'
import * as v from 'valibot'

/** How to run something as another user. */
export interface SudoOptions {
  /** @default 'root' */
  readonly user?: string
  /** For a user that must give one. It goes over standard input. @default none is needed */
  readonly password?: Secret
  /** Keeps the environment of the machine's user too (`sudo -E`). The step's own `env` is always there. @default false */
  readonly preserveEnv?: boolean
}

/** The schema of an option `sudo`: a boolean, or {@link SudoOptions}. */
export const sudoSchema: v.GenericSchema = v.union([
  v.boolean(),
  v.strictObject({
    user: v.optional(optionSchema.text),
    password: v.optional(optionSchema.secretValue),
    preserveEnv: v.optional(v.boolean()),
  }),
])

/** The options of `sudo`, where it is used. */
export function sudoOptions(sudo: boolean | SudoOptions | undefined): SudoOptions | undefined {
  if (typeof sudo === 'object') return sudo
  return sudo === true ? {} : undefined
}

/** Whether it runs as another user than root, who could not read a file of the machine's user. */
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
