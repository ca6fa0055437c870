import type { Facts } from '@imago/core'
import * as v from 'valibot'

/** A script that is a file of the machine. */
export interface WindowsScript {
  /** Where it is: `C:\Windows\Temp\imago-….ps1`. */
  readonly path: string
  readonly facts: Facts
}

/**
 * Says what runs a script: a command line of `cmd.exe`, or a program with its arguments. Its exit code is the script's.
 * @example command: ({ path }) => ['powershell', '-Version', '2', '-File', path]
 */
export type ScriptCommand = (script: WindowsScript) => string | readonly string[]

/** The schema of a {@link ScriptCommand}. */
export const scriptCommand: v.GenericSchema<unknown, ScriptCommand> = v.custom<ScriptCommand>(
  (value) => typeof value === 'function',
  'must be a function',
)

/** The schema of an absolute path of Windows, which no shell takes for something else. */
export const windowsPath: v.GenericSchema<unknown, string> = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z]:[\\/][^"%!<>|?*\n\r]+$/, "must be an absolute path of the machine, such as 'C:/Windows/Temp/setup.ps1'"),
)

const exitCode = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(-(2 ** 31), 'must be a code of 32 bits'),
  v.maxValue(2 ** 32 - 1, 'must be a code of 32 bits'),
)

/** The schema of exit codes that are no failure. Windows' have 32 bits. */
export const windowsExitCodes: v.GenericSchema = v.pipe(v.array(exitCode), v.nonEmpty('must not be empty'))
