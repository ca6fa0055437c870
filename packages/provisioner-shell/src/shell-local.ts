import { resolve } from 'node:path'

import type { Issue, ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { optionSchema, runLocal, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { checkExitCode } from './exit-code.ts'
import { localScript } from './local-script.ts'
import type { ScriptEnvironment } from './script-environment.ts'
import { resolveEnvironment, scriptEnvironment } from './script-environment.ts'
import type { ScriptParts, ScriptSource } from './script-source.ts'
import { loadScripts, scriptInputs, scriptSourceEntries, scriptSourceIssues, scriptTitle } from './script-source.ts'
import { interpreter, validExitCodes } from './shell-options.ts'

/** An operating system, as Node names it. */
export type Platform = 'aix' | 'darwin' | 'freebsd' | 'linux' | 'openbsd' | 'sunos' | 'win32'

const platforms = ['aix', 'darwin', 'freebsd', 'linux', 'openbsd', 'sunos', 'win32'] as const satisfies readonly Platform[]

/** How `shellLocal` runs its scripts. */
export interface ShellLocalSettings {
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

/** What `shellLocal` takes beside the common options of steps. */
export type ShellLocalOptions = ScriptSource & ShellLocalSettings

const schema = v.strictObject({
  ...scriptSourceEntries,
  env: v.optional(scriptEnvironment),
  interpreter: v.optional(interpreter),
  workdir: v.optional(optionSchema.text),
  onlyOn: v.optional(v.pipe(v.array(v.picklist(platforms)), v.nonEmpty('must not be empty'))),
  validExitCodes: v.optional(validExitCodes),
})

/**
 * Runs shell scripts on this machine, while the other one is there: to make a file that a later step uploads, to register its address.
 * Their commands read an end of file; a cancelled script is killed with everything it started.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, and with `TOOL_MISSING` when
 * there is no such interpreter.
 * @example shellLocal({ inline: (facts) => [`ssh-keyscan ${facts.host} >> known_hosts`] })
 */
export function shellLocal<const N extends string = never>(options: ShellLocalOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ShellLocalOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'shell-local',
    ...common,
    options: own,
    title: scriptTitle(own, 'shell-local'),
    validate: () => issues(own),
    inputs: () => scriptInputs(own),
    provision: async (context) => await runAll(own, context),
  }
}

function issues(options: ScriptParts): readonly Issue[] {
  return [...optionSchema.schemaIssues(schema, options), ...scriptSourceIssues(options)]
}

async function runAll(options: ShellLocalOptions, context: ProvisionContext): Promise<void> {
  const { directory, workDirectory, signal, output, emit } = context
  if (options.onlyOn?.some((name) => name === process.platform) === false) {
    emit({ type: 'message', level: 'info', text: `skipped on ${process.platform}` })
    return
  }
  const env = { ...context.env, ...resolveEnvironment(options.env ?? {}, context) }
  const cwd = resolve(directory, options.workdir ?? '.')
  for await (const script of loadScripts(options, context)) {
    if (options.scripts !== undefined) emit({ type: 'message', level: 'info', text: `run ${script.name}` })
    await using local = await localScript(script, { interpreter: options.interpreter, workDirectory })
    const { exitCode } = await runLocal({ command: local.command, env, cwd, signal, onOutput: output })
    checkExitCode(script.name, exitCode, options.validExitCodes)
  }
}
