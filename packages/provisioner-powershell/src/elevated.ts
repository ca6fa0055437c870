import { messageOf, resolveFacts } from '@imago/core'
import { plainText } from '@imago/script'

import type { ElevatedOptions } from './elevated-options.ts'
import { passwordVariable, taskRunner } from './elevated-task.ts'
import type { PowershellRun } from './powershell-text.ts'
import { powershellQuote, powershellStart, runStatements } from './powershell-text.ts'
import type { ScriptContext } from './script-file.ts'
import { backslashes, clearingSignal, removeFile, scriptFile, temporaryPath } from './script-file.ts'
import { asPowershell } from './script-text.ts'

/** A script that is to run in a scheduled task. */
export interface ElevatedScript {
  /** Where it is in the machine. */
  readonly path: string
  readonly run: PowershellRun
  readonly elevated: ElevatedOptions
  readonly env: Readonly<Record<string, string>>
  readonly workdir: string | undefined
}

/**
 * Runs a script in a scheduled task. A task has neither the environment nor the output of whoever starts it: the environment is in a file
 * beside the script while it runs, and the output comes through another.
 */
export async function runElevated(script: ElevatedScript, context: ScriptContext): Promise<number> {
  const { machine, signal, output, facts } = context
  const { user, password } = script.elevated
  const task = { name: `imago-${crypto.randomUUID()}`, user, launcher: temporaryPath('ps1'), output: temporaryPath('out'), run: script.run }
  const runner = temporaryPath('ps1')
  // an empty one is none, as for Windows, which knows no empty variables
  const given = plainText(resolveFacts(password ?? '', facts), context) || undefined
  await using _launcher = await scriptFile(task.launcher, launcherText(script), context)
  await using _runner = await scriptFile(runner, asPowershell(Buffer.from(taskRunner(task, given !== undefined))), context)
  try {
    const { exitCode } = await machine.exec([...powershellStart({ program: 'powershell', executionPolicy: 'Bypass' }), '-File', runner], {
      ...(given !== undefined && { env: { [passwordVariable]: given } }),
      signal,
      onOutput: output,
    })
    return exitCode
  } catch (error) {
    await endTask(task.name, context)
    throw error
  } finally {
    await removeFile(task.output, context)
  }
}

/** What the task runs: the script, in its environment and its folder. */
function launcherText({ path, run, env, workdir }: ElevatedScript): Buffer {
  const lines = [
    ...Object.entries(env).map(([name, value]) => `$env:${name} = ${powershellQuote(value)}`),
    ...(workdir === undefined ? [] : [`Set-Location -LiteralPath ${powershellQuote(backslashes(workdir))} -ErrorAction Stop`]),
    ...runStatements(path, run),
  ]
  return asPowershell(Buffer.from(`${lines.join('\r\n')}\r\n`))
}

/** Ends a task whose runner was ended; a task that is gone already is none. */
async function endTask(name: string, context: ScriptContext): Promise<void> {
  const { machine, emit } = context
  const command = `schtasks /end /tn "${name}" >nul 2>&1 & schtasks /delete /f /tn "${name}" >nul 2>&1 & exit /b 0`
  try {
    await machine.exec(command, { signal: clearingSignal(context) })
  } catch (error) {
    emit({ type: 'message', level: 'warning', text: `the scheduled task ${name} may still run in the machine: ${messageOf(error)}` })
  }
}
