import type { Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'
import type { LoadedScript } from '@imago/script'
import { runScripts, scriptInputs, scriptTitle } from '@imago/script'

import { runElevated } from './elevated.ts'
import type { PowershellOptions, PowershellSettings } from './powershell-options.ts'
import { powershellIssues } from './powershell-options.ts'
import type { PowershellRun } from './powershell-text.ts'
import { powershellCommand, runStatements } from './powershell-text.ts'
import type { ScriptContext } from './script-file.ts'
import { backslashes, scriptFile, temporaryPath } from './script-file.ts'
import { asPowershell } from './script-text.ts'
import { checkWindowsExitCode } from './windows-exit-code.ts'

/**
 * Runs PowerShell scripts in a machine that runs Windows. A script is a file of the machine while it runs; its environment goes over the
 * connection. Inline lines end at the first cmdlet that fails; the exit code is what the script gives to `exit`, else that of the last
 * program that it ran.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, with `DISCONNECTED` when the
 * connection breaks and `expectDisconnect` is not set, and with `UNSUPPORTED` in a machine that does not run Windows.
 * @example powershell({ inline: ['Install-WindowsFeature Web-Server'], elevated: { user: 'SYSTEM' } })
 * @example powershell({ script: 'setup.ps1', env: { CHANNEL: 'stable' }, validExitCodes: [0, 3010] })
 */
export function powershell<const N extends string = never>(options: PowershellOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as PowershellOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'powershell',
    ...common,
    options: own,
    title: scriptTitle(own, 'powershell'),
    validate: () => powershellIssues(own),
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

async function runOne(
  script: LoadedScript,
  settings: PowershellSettings,
  env: Readonly<Record<string, string>>,
  context: ScriptContext,
): Promise<number> {
  const { machine, signal, output, facts } = context
  const { command, elevated, workdir } = settings
  const path = backslashes(settings.remotePath ?? temporaryPath('ps1'))
  await using _file = await scriptFile(path, asPowershell(script.content), context)
  const run = runOf(script, settings)
  if (elevated !== undefined) return await runElevated({ path, run, elevated, env, workdir }, context)
  const given = command?.({ path, facts }) ?? powershellCommand(runStatements(path, run), run)
  const { exitCode } = await machine.exec(given, {
    env,
    signal,
    onOutput: output,
    ...(workdir !== undefined && { cwd: backslashes(workdir) }),
  })
  return exitCode
}

function runOf(script: LoadedScript, { usePwsh = false, executionPolicy = 'Bypass', trace }: PowershellSettings): PowershellRun {
  return {
    program: usePwsh ? 'pwsh' : 'powershell',
    executionPolicy,
    stopsAtErrors: script.path === undefined,
    ...(trace !== undefined && { trace }),
  }
}
