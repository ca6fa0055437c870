import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import type { ScriptEnvironment, ScriptParts, ScriptSource } from '@imago/script'
import { scriptEnvironment, scriptSourceEntries, scriptSourceIssues } from '@imago/script'
import * as v from 'valibot'

import type { ElevatedOptions } from './elevated-options.ts'
import { elevatedIssues, elevatedSchema } from './elevated-options.ts'
import type { ScriptCommand } from './script-command.ts'
import { scriptCommand, windowsExitCodes, windowsPath } from './script-command.ts'

const policies = ['AllSigned', 'Bypass', 'Default', 'RemoteSigned', 'Restricted', 'Undefined', 'Unrestricted', 'none'] as const

/** Which scripts PowerShell runs, as it calls it; `'none'` says nothing of it, and the machine's own policy holds. */
export type ExecutionPolicy = (typeof policies)[number]

/** How `powershell` runs its scripts. */
export interface PowershellSettings {
  /** Environment variables, beside those that every step gets (`IMAGO_BUILD_NAME`, …). @default none */
  readonly env?: ScriptEnvironment
  /** Folder of the machine to run in. @default the communicator's */
  readonly workdir?: string
  /** @default 'Bypass' */
  readonly executionPolicy?: ExecutionPolicy
  /** Runs PowerShell 6 or later (`pwsh`), which must be there, in the place of Windows PowerShell. @default false */
  readonly usePwsh?: boolean
  /**
   * Runs the script in a scheduled task, as this user with all rights: what WinRM's sessions may not do, such as installing updates,
   * works there. @default it runs in the communicator's session
   */
  readonly elevated?: ElevatedOptions
  /** Shows each line before it runs: 1; with assignments and calls: 2. @default 0 */
  readonly trace?: 0 | 1 | 2
  /** What runs the script, in the place of PowerShell as this step starts it. Not together with `elevated`. @default none */
  readonly command?: ScriptCommand
  /** Exit codes that are no failure, of 32 bits. @default [0] */
  readonly validExitCodes?: readonly number[]
  /** Where the script is in the machine while it runs. Absolute, and ends with `.ps1`. @default a name of its own in `C:\Windows\Temp` */
  readonly remotePath?: string
}

/** What `powershell` takes beside the common options of steps. */
export type PowershellOptions = ScriptSource & PowershellSettings

const schema = v.strictObject({
  ...scriptSourceEntries,
  env: v.optional(scriptEnvironment),
  workdir: v.optional(optionSchema.text),
  executionPolicy: v.optional(v.picklist(policies)),
  usePwsh: v.optional(v.boolean()),
  elevated: v.optional(elevatedSchema),
  trace: v.optional(v.picklist([0, 1, 2])),
  command: v.optional(scriptCommand),
  validExitCodes: v.optional(windowsExitCodes),
  remotePath: v.optional(v.pipe(windowsPath, v.regex(/\.ps1$/i, 'must end with .ps1, or PowerShell does not run it'))),
})

/** Options that say how PowerShell is started, which `command` does itself. */
const startOptions = ['elevated', 'executionPolicy', 'usePwsh', 'trace'] as const

/** Every problem of the options of `powershell`. */
export function powershellIssues(options: ScriptParts & PowershellSettings): readonly Issue[] {
  return [
    ...optionSchema.schemaIssues(schema, options),
    ...scriptSourceIssues(options),
    ...elevatedIssues(options.elevated),
    ...startOptions
      .filter((name) => options.command !== undefined && options[name] !== undefined)
      .map((name) => ({ path: [name], message: `${name} and command exclude each other`, hint: 'let the command say it' })),
  ]
}
