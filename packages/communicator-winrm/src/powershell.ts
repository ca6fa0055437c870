import { ImagoError } from '@imago/core'

import type { ShellPool } from './shell-pool.ts'

/**
 * Takes the first line of its input as a script, and hands the others on to the function `Take` of that, and their end to `Finish`: no
 * command line would hold the script. Windows PowerShell reads the input itself, line by line, and whoever reads it beside that loses lines.
 */
const bootstrap = `begin { $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; $ready = $false }
process {
  if ($ready) { Take $_ } else {
    $ready = $true
    . ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($_))))
  }
}
end { if ($ready) { Finish } }`

/** The command line that runs a script of ours, which comes on its input. */
export const powershellLine: string = `powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ${Buffer.from(
  bootstrap,
  'utf16le',
).toString('base64')}`

/** What scripts of ours have in common. Text goes both ways as base64 of UTF-8: no code page and no quotes stand in its way. */
export const commonFunctions = `function Decode($text) { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text)) }
function Encode($text) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)) }
function Say($line) { [Console]::Out.WriteLine($line) }
function Fail($exception) {
  $cause = $exception.GetBaseException()
  $number = [Runtime.InteropServices.Marshal]::GetHRForException($cause)
  Say ('!' + $number + ' ' + (Encode $cause.Message))
}
function NewDigest {
  try { New-Object Security.Cryptography.SHA256CryptoServiceProvider } catch { [Security.Cryptography.SHA256]::Create() }
}
function Hex($digest) { [BitConverter]::ToString($digest.Hash).Replace('-', '').ToLower() }
`

/** A script as the first line of input. */
export function scriptLine(script: string): string {
  return `${encoded(commonFunctions + script)}\n`
}

/** Text as scripts of ours take it. */
export function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/** Text as scripts of ours say it. */
export function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}

/** How a script runs. */
export interface PowershellRun {
  readonly input: Parameters<ShellPool['run']>[2]['stdin']
  readonly onOutput: (chunk: Uint8Array) => void
  readonly signal: AbortSignal
}

/** Runs a script of ours. @returns its exit code, and what PowerShell itself had to say */
export async function runPowershell(
  pool: ShellPool,
  { input, onOutput, signal }: PowershellRun,
): Promise<{ readonly exitCode: number; readonly stderr: string }> {
  let stderr = ''
  const exitCode = await pool.run(
    powershellLine,
    { env: {}, cwd: undefined },
    {
      stdin: input,
      onOutput: (stream, chunk) => {
        if (stream === 'stdout') onOutput(chunk)
        else stderr = `${stderr}${Buffer.from(chunk).toString('utf8')}`.slice(-4000)
      },
      signal,
    },
  )
  return { exitCode, stderr }
}

/** Numbers of Windows (HRESULT): there is no room left on the disk. */
const diskFull = [0x80_07_00_70, 0x80_07_00_27]
const accessDenied = 0x80_07_00_05

/** What a script says of a failure, `<number> <message>`, as an error. */
export function scriptError(what: string, said: string): ImagoError {
  const [, number = '0', message = ''] = /^(-?\d+) (\S*)/.exec(said.trim()) ?? []
  const code = Number(number) >>> 0
  const words = decoded(message).replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '')
  if (diskFull.includes(code)) {
    return new ImagoError('DISK_FULL', `${what}: ${words}`, { hint: 'free some space in the machine, or give it a larger disk' })
  }
  return new ImagoError('TRANSFER_FAILED', `${what}: ${words}`, {
    ...(code === accessDenied && { hint: 'upload it to a folder of this user, and move it with an elevated step' }),
  })
}

/** A script that ended without the word that it is done: PowerShell could not run it. */
export function brokenScript(what: string, exitCode: number, stderr: string): ImagoError {
  const words = stderr
    .replaceAll(/<[^>]*>|_x000D__x000A_|#< CLIXML/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return new ImagoError('TRANSFER_FAILED', `${what}: PowerShell ended with ${exitCode}${words === '' ? '' : `: ${words.slice(0, 500)}`}`, {
    hint: 'files go over with Windows PowerShell 2 or later, in full language mode',
  })
}
