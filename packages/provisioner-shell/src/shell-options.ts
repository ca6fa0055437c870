import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { ScriptEnvironment, ScriptParts, ScriptSource, SudoOptions } from '@imago/script'
import { interpreter, scriptEnvironment, scriptSourceEntries, scriptSourceIssues, sudoSchema, validExitCodes } from '@imago/script'
import type { Wrap } from './wrapping.ts'

/** How `shell` runs its scripts. */
export interface ShellSettings {
  /** Environment variables, beside those that every step gets (`IMAGO_BUILD_NAME`, …). They are in no process list. @default none */
  readonly env?: ScriptEnvironment
  /**
   * What runs the script: a program, or a program with arguments, to which the script's path is added.
   * @default what the script's first line (`#!`) says, else `/bin/sh`; for inline scripts `/bin/sh -e`
   */
  readonly interpreter?: string | readonly string[]
  /** Folder of the machine to run in. @default the communicator's */
  readonly workdir?: string
  /** Runs the script as root, or as another user. Nothing changes where commands run as root already. @default false */
  readonly sudo?: boolean | SudoOptions
  /** Puts another command around the script's. Not together with `sudo`. @default none */
  readonly wrap?: Wrap
  /** Exit codes that are no failure. @default [0] */
  readonly validExitCodes?: readonly number[]
  /** Makes the script a file of the machine while it runs, for interpreters that want one. Absolute. @default it is no file */
  readonly remotePath?: string
  /** The script is a program, or is wanted byte for byte: line ends are not touched. Needs `remotePath`. @default false */
  readonly binary?: boolean
}

/** What `shell` takes beside the common options of steps. */
export type ShellOptions = ScriptSource & ShellSettings

const shellSchema = v.strictObject({
  ...scriptSourceEntries,
  env: v.optional(scriptEnvironment),
  interpreter: v.optional(interpreter),
  workdir: v.optional(optionSchema.text),
  sudo: v.optional(sudoSchema),
  wrap: v.optional(v.custom<Wrap>((value) => typeof value === 'function', 'must be a function')),
  validExitCodes: v.optional(validExitCodes),
  // of Windows too, where a shell such as Cygwin's takes its paths
  remotePath: v.optional(v.pipe(v.string(), v.regex(/^(?:\/|[A-Za-z]:[\\/])/, 'must be an absolute path of the machine'))),
  binary: v.optional(v.boolean()),
})

/** Every problem of the options of `shell`. */
export function shellIssues(options: ScriptParts & ShellSettings): readonly Issue[] {
  const { sudo, wrap, binary, remotePath } = options
  return [
    ...optionSchema.schemaIssues(shellSchema, options),
    ...scriptSourceIssues(options),
    ...(wrap !== undefined && sudo !== undefined && sudo !== false
      ? [{ path: ['wrap'], message: 'sudo and wrap exclude each other', hint: "let wrap call sudo: ({ argv }) => ['sudo', '-n', ...argv]" }]
      : []),
    ...(binary === true && remotePath === undefined
      ? [{ path: ['binary'], message: 'needs remotePath', hint: "a program must be a file: remotePath: '/tmp/setup'" }]
      : []),
  ]
}
