import type { PowershellRun } from './powershell-text.ts'
import { powershellQuote, powershellStart } from './powershell-text.ts'

/** Where the runner finds the user's password. */
export const passwordVariable = 'IMAGO_TASK_PASSWORD'

/** A scheduled task that runs one script. */
export interface ScheduledTask {
  readonly name: string
  readonly user: string
  /** The script of PowerShell that it runs. */
  readonly launcher: string
  /** Where its output goes. */
  readonly output: string
  readonly run: PowershellRun
}

/** TASK_LOGON_PASSWORD and TASK_LOGON_SERVICE_ACCOUNT (https://learn.microsoft.com/windows/win32/api/taskschd/ne-taskschd-task_logon_type). */
const logonTypes = { password: 1, serviceAccount: 5 } as const

/**
 * A script that makes the task, hands on its output as it comes, byte for byte, removes it, and ends with its exit code. It runs in
 * PowerShell 2 and later, and uses the COM objects of the task scheduler, which all versions of Windows have that WinRM comes with.
 */
export function taskRunner(task: ScheduledTask, hasPassword: boolean): string {
  return `${[...makeTask(task, hasPassword), ...handOnOutput(task.output), ...runTask].join('\r\n')}\r\n`
}

function makeTask({ name, user, launcher, output, run }: ScheduledTask, hasPassword: boolean): readonly string[] {
  const start = [...powershellStart(run), '-File', launcher].join(' ')
  const password = hasPassword ? `$env:${passwordVariable}` : '$null'
  return [
    `$ErrorActionPreference = 'Stop'`,
    `$name = ${powershellQuote(name)}`,
    `$service = New-Object -ComObject 'Schedule.Service'`,
    '$service.Connect()',
    `$folder = $service.GetFolder('\\')`,
    '$task = $service.NewTask(0)',
    '$task.Principal.RunLevel = 1', // the highest that the user has
    `$task.Settings.ExecutionTimeLimit = 'PT0S'`, // none, in the place of three days
    '$task.Settings.DisallowStartIfOnBatteries = $false',
    '$task.Settings.StopIfGoingOnBatteries = $false',
    '$task.Settings.Priority = 4', // that of other programs; tasks get less disk and memory else
    '$action = $task.Actions.Create(0)',
    `$action.Path = "$env:SystemRoot\\System32\\cmd.exe"`,
    `$action.Arguments = ${powershellQuote(`/d /c chcp 65001 >nul & ${start} >"${output}" 2>&1`)}`,
    `$made = $folder.RegisterTaskDefinition($name, $task, 6, ${powershellQuote(user)}, ${password}, ${hasPassword ? logonTypes.password : logonTypes.serviceAccount})`,
  ]
}

function handOnOutput(output: string): readonly string[] {
  return [
    '$stdout = [Console]::OpenStandardOutput()',
    '$buffer = New-Object byte[] 65536',
    '$script:taken = 0',
    'function Copy-Output {',
    `  if (-not (Test-Path -LiteralPath ${powershellQuote(output)})) { return }`,
    `  $file = [IO.File]::Open(${powershellQuote(output)}, 'Open', 'Read', 'ReadWrite')`,
    '  try {',
    '    $file.Position = $script:taken',
    '    while (($count = $file.Read($buffer, 0, $buffer.Length)) -gt 0) {',
    '      $stdout.Write($buffer, 0, $count)',
    '      $script:taken += $count',
    '    }',
    '    $stdout.Flush()',
    '  } finally { $file.Close() }',
    '}',
  ]
}

const runTask: readonly string[] = [
  '$pending = 0x41301, 0x41303, 0x41325', // it runs, has not run yet, is queued
  'try {',
  '  [void]$made.Run($null)',
  '  do {',
  '    Start-Sleep -Milliseconds 200',
  '    Copy-Output',
  '  } while (($pending -contains $made.LastTaskResult) -or (2, 4 -contains $made.State))',
  '  Copy-Output',
  '  $code = $made.LastTaskResult',
  '} finally {',
  '  $folder.DeleteTask($name, 0)',
  '}',
  'exit $code',
]
