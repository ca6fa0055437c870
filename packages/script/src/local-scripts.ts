import { resolve } from 'node:path'

import type { ComponentContext, Facts, Issue } from '@imago/core'
import { optionSchema, runLocal } from '@imago/core'
import * as v from 'valibot'

import { checkExitCode } from './exit-code.ts'
import { localScript } from './local-script.ts'
import type { ScriptEnvironment } from './script-environment.ts'
import { resolveEnvironment, scriptEnvironment } from './script-environment.ts'
import type { ScriptParts, ScriptSource } from './script-source.ts'
import { loadScripts, scriptSourceEntries, scriptSourceIssues } from './script-source.ts'

/** An operating system, as Node names it. */
export type Platform = 'aix' | 'darwin' | 'freebsd' | 'linux' | 'openbsd' | 'sunos' | 'win32'

const platforms = ['aix', 'darwin', 'freebsd', 'linux', 'openbsd', 'sunos', 'win32'] as const satisfies readonly Platform[]

/** How scripts run on this machine. */
export interface LocalScriptSettings {
  /** Added to the environment of this process, beside what every step gets (`IMAGO_BUILD_NAME`, …). @default none */
  readonly env?: ScriptEnvironment
  /**
   * What runs the script: a program, or a program with arguments, to which the script's path is added.
   * @default what the script's first line (`#!`) says, else `/bin/sh`; for inline scripts `/bin/sh -e`
   */
  readonly interpreter?: string | readonly string[]
  /** Folder to run in. @default the definition's folder */
  readonly workdir?: string
  /** Runs on these systems only, and does nothing on others. @default all */
  readonly onlyOn?: readonly Platform[]
  /** Exit codes that are no failure. @default [0] */
  readonly validExitCodes?: readonly number[]
}

/** Scripts of this machine, and how they run. */
export type LocalScriptOptions = ScriptSource & LocalScriptSettings

const exitCode = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be 0 to 255'),
  v.maxValue(255, 'must be 0 to 255'),
)

/** The schema of exit codes that are no failure. */
export const validExitCodes: v.GenericSchema = v.pipe(v.array(exitCode), v.nonEmpty('must not be empty'))

/** The schema of a program, or a program with arguments. */
export const interpreter: v.GenericSchema = v.union([
  v.pipe(v.string(), v.regex(/^\S+$/, "must be one word; give a program with arguments as a list: ['bash', '-e']")),
  v.pipe(v.array(v.string()), v.nonEmpty('must not be empty')),
])

const schema = v.strictObject({
  ...scriptSourceEntries,
  env: v.optional(scriptEnvironment),
  interpreter: v.optional(interpreter),
  workdir: v.optional(optionSchema.text),
  onlyOn: v.optional(v.pipe(v.array(v.picklist(platforms)), v.nonEmpty('must not be empty'))),
  validExitCodes: v.optional(validExitCodes),
})

/** Every problem of the options of local scripts. */
export function localScriptIssues(options: ScriptParts): readonly Issue[] {
  return [...optionSchema.schemaIssues(schema, options), ...scriptSourceIssues(options)]
}

/** What {@link runLocalScripts} needs of a step's context. */
interface LocalScriptContext extends ComponentContext {
  readonly facts: Facts
}

/**
 * Runs scripts on this machine, one after the other, with `extra.env` below their own environment.
 * @throws ImagoError `COMMAND_FAILED` with the exit code when a script ends with another than `validExitCodes`, `TOOL_MISSING` when there
 * is no such interpreter, `INPUT_MISSING` when a script is gone.
 */
export async function runLocalScripts(
  options: LocalScriptOptions,
  context: LocalScriptContext,
  extra: { readonly env: Readonly<Record<string, string>>; readonly stdin?: string },
): Promise<void> {
  const { directory, workDirectory, signal, output, emit } = context
  if (options.onlyOn?.some((name) => name === process.platform) === false) {
    emit({ type: 'message', level: 'info', text: `skipped on ${process.platform}` })
    return
  }
  const env = { ...extra.env, ...resolveEnvironment(options.env ?? {}, context) }
  const cwd = resolve(directory, options.workdir ?? '.')
  for await (const script of loadScripts(options, context)) {
    if (options.scripts !== undefined) emit({ type: 'message', level: 'info', text: `run ${script.name}` })
    await using local = await localScript(script, { interpreter: options.interpreter, workDirectory })
    const stdin = extra.stdin === undefined ? {} : { stdin: extra.stdin }
    const { exitCode: code } = await runLocal({ command: local.command, env, cwd, signal, onOutput: output, ...stdin })
    checkExitCode(script.name, code, options.validExitCodes)
  }
}
