import type { PassThrough } from 'node:stream'

import type { Drive } from './drive.ts'

/** A command that runs in the stand-in. */
export interface Job {
  /** The command line as it came. */
  readonly line: string
  /** What PowerShell is to run, where the line has it encoded. */
  readonly script: string | undefined
  /** By their names in upper case. */
  readonly env: Map<string, string>
  /** Path in the machine. */
  cwd: string
  readonly drive: Drive
  readonly stdin: PassThrough
  /** Aborted when the command is told to end. */
  readonly signal: AbortSignal
  /** Says something. */
  write(stream: 'stdout' | 'stderr', output: string | Uint8Array): void
}

/** Does what a command does. @returns its exit code */
export type JobHandler = (job: Job) => number | Promise<number>

/** The script that a command line gives to PowerShell as base64 of UTF-16. */
export function encodedScript(line: string): string | undefined {
  const text = /^powershell(?:\.exe)?\s(?:.*\s)?-(?:e|ec|enc|encodedcommand)\s+"?([A-Za-z0-9+/=]+)/i.exec(line)?.[1]
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf16le')
}
