import type { ExecutionPolicy } from './powershell-options.ts'

/** What a script of PowerShell runs with. */
export interface PowershellRun {
  /** `powershell`, or `pwsh`. */
  readonly program: string
  readonly executionPolicy: ExecutionPolicy
  /** The script ends at the first cmdlet that fails. */
  readonly stopsAtErrors: boolean
  readonly trace?: number
}

/** A text as PowerShell takes it literally, in single quotes. It also takes typographic ones for quotes. */
export function powershellQuote(text: string): string {
  return `'${text.replaceAll(/['‘’‚‛]/g, '$&$&')}'`
}

/**
 * Statements that run a script file and end with its exit code: what it gives to `exit`, else the code of the last program that it ran; 1
 * when an error ended it, or was in it from the start.
 */
export function runStatements(path: string, run: PowershellRun): readonly string[] {
  return [
    // Progress bars are no output, and slow downloads of Windows PowerShell down a great deal.
    `$ProgressPreference = 'SilentlyContinue'`,
    ...(run.stopsAtErrors ? [`$ErrorActionPreference = 'Stop'`] : []),
    ...(run.trace === undefined ? [] : [`Set-PSDebug -Trace ${run.trace}`]),
    `& ${powershellQuote(path)}`,
    'if (-not $? -and -not $LASTEXITCODE) { exit 1 }',
    'exit $LASTEXITCODE',
  ]
}

/** The program that runs statements, with its arguments. */
export function powershellCommand(
  statements: readonly string[],
  run: Pick<PowershellRun, 'program' | 'executionPolicy'>,
): readonly string[] {
  return [...powershellStart(run), '-Command', statements.join('; ')]
}

/** The program and the options before what it runs. */
export function powershellStart({ program, executionPolicy }: Pick<PowershellRun, 'program' | 'executionPolicy'>): readonly string[] {
  const policy = executionPolicy === 'none' ? [] : ['-ExecutionPolicy', executionPolicy]
  return [program, '-NoLogo', '-NoProfile', '-NonInteractive', ...policy]
}
