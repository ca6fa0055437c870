import type { Issue, Provisioner, Scope, StepOptions } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import type { LoadedScript, ScriptEnvironment, ScriptParts, ScriptSource } from '@imago/script'
import { runScripts, scriptEnvironment, scriptInputs, scriptSourceEntries, scriptSourceIssues, scriptTitle } from '@imago/script'
import * as v from 'valibot'

import type { ScriptCommand } from './script-command.ts'
import { scriptCommand, windowsExitCodes, windowsPath } from './script-command.ts'
import type { ScriptContext } from './script-file.ts'
import { backslashes, scriptFile, temporaryPath } from './script-file.ts'
import { asBatch } from './script-text.ts'
import { checkWindowsExitCode } from './windows-exit-code.ts'

/** How `windowsShell` runs its scripts. */
export interface WindowsShellSettings {
  /** Environment variables, beside those that every step gets (`IMAGO_BUILD_NAME`, …). @default none */
  readonly env?: ScriptEnvironment
  /** Folder of the machine to run in. @default the communicator's */
  readonly workdir?: string
  /** What runs the script, in the place of `cmd.exe` alone. @default none */
  readonly command?: ScriptCommand
  /** Exit codes that are no failure, of 32 bits. @default [0] */
  readonly validExitCodes?: readonly number[]
  /** Where the script is in the machine while it runs. Absolute; ends with `.bat` or `.cmd`. @default a name of its own in `C:\Windows\Temp` */
  readonly remotePath?: string
}

/** What `windowsShell` takes beside the common options of steps. */
export type WindowsShellOptions = ScriptSource & WindowsShellSettings

const schema = v.strictObject({
  ...scriptSourceEntries,
  env: v.optional(scriptEnvironment),
  workdir: v.optional(optionSchema.text),
  command: v.optional(scriptCommand),
  validExitCodes: v.optional(windowsExitCodes),
  remotePath: v.optional(v.pipe(windowsPath, v.regex(/\.(?:bat|cmd)$/i, 'must end with .bat or .cmd, or cmd.exe does not run it'))),
})

/**
 * Runs batch files in a machine that runs Windows, in `cmd.exe`. A script is a file of the machine while it runs; its environment goes
 * over the connection. Batch files do not end at a command that fails: the exit code is what the script gives to `exit /b`, else that of
 * its last command.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, with `DISCONNECTED` when the
 * connection breaks and `expectDisconnect` is not set, and with `UNSUPPORTED` in a machine that does not run Windows.
 * @example windowsShell({ inline: ['net user deploy /add', 'if errorlevel 1 exit /b 1', 'net localgroup Administrators deploy /add'] })
 * @example windowsShell({ scripts: ['vm-tools.bat', 'compact.bat'] })
 */
export function windowsShell<const N extends string = never>(
  options: WindowsShellOptions & StepOptions & Scope<N>,
): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as WindowsShellOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'windows-shell',
    ...common,
    options: own,
    title: scriptTitle(own, 'windows-shell'),
    validate: () => windowsShellIssues(own),
    inputs: () => scriptInputs(own),
    platform: 'windows',
    cacheable: { revision: 1 },
    provision: async (context) =>
      await runScripts(
        { ...own, expectDisconnect: common.expectDisconnect ?? false },
        context,
        async (script, env) => await runOne(script, own, env, { ...context, mayRestart: common.expectDisconnect === true }),
        (name, exitCode) => checkWindowsExitCode(name, exitCode, own.validExitCodes),
      ),
  }
}

function windowsShellIssues(options: ScriptParts): readonly Issue[] {
  return [...optionSchema.schemaIssues(schema, options), ...scriptSourceIssues(options)]
}

async function runOne(
  script: LoadedScript,
  { command, workdir, remotePath }: WindowsShellSettings,
  env: Readonly<Record<string, string>>,
  context: ScriptContext,
): Promise<number> {
  const { machine, signal, output, facts } = context
  const path = backslashes(remotePath ?? temporaryPath('bat'))
  const content = script.path === undefined ? Buffer.concat([Buffer.from('@echo off\n'), script.content]) : script.content
  await using _file = await scriptFile(path, asBatch(content), context)
  const given = command?.({ path, facts }) ?? `call "${path}"`
  const { exitCode } = await machine.exec(given, {
    env,
    signal,
    onOutput: output,
    ...(workdir !== undefined && { cwd: backslashes(workdir) }),
  })
  return exitCode
}
