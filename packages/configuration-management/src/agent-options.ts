import type { FromFacts, Issue, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import type { ScriptEnvironment, SudoOptions } from '@imago/script'
import { scriptEnvironment } from '@imago/script'
import * as v from 'valibot'

import type { Installation } from './installation.ts'
import { installationInputs, installationIssues, installationSchema } from './installation.ts'

/** What the provisioners that run an agent in the machine all take. */
export interface AgentOptions {
  /** How the agent comes into the machine. @default 'none' */
  readonly install?: Installation
  /**
   * Runs the agent as root with `sudo`; with `{ password }` for a user who must give one. Nothing changes where commands run as root
   * already. Packer: the opposite of `prevent_sudo`, `disable_sudo`. @default true
   */
  readonly sudo?: boolean | Pick<SudoOptions, 'password' | 'preserveEnv'>
  /** Environment variables of the agent, beside those that every step gets. They are in no process list. @default none */
  readonly env?: ScriptEnvironment
  /** More arguments for the agent. Packer: `extra_arguments`. @default none */
  readonly extraArguments?: FromFacts<readonly string[]>
  /** The folder of the machine that holds the agent's program. Packer: `puppet_bin_dir`, `salt_bin_dir`. @default looked for */
  readonly binDirectory?: string
  /**
   * Where to put in the machine what the agent needs. It must not be there yet: it is made, for the machine's user alone, and it is
   * removed in the end, also after a failure. Packer: `staging_directory`. @default a new folder in `/tmp`
   */
  readonly stagingDirectory?: string
}

const absolutePath = v.pipe(v.string(), v.regex(/^\/+[^/]/, 'must be an absolute path of the machine'))

const sudoDetails = v.strictObject({ password: v.optional(optionSchema.secretValue), preserveEnv: v.optional(v.boolean()) })

/** The schema's entries for {@link AgentOptions}. */
export const agentEntries: Readonly<Record<keyof AgentOptions, v.OptionalSchema<v.GenericSchema, undefined>>> = {
  install: v.optional(installationSchema),
  sudo: v.optional(v.lazy((value) => (typeof value === 'object' ? sudoDetails : v.boolean()))),
  env: v.optional(scriptEnvironment),
  extraArguments: v.optional(optionSchema.fromFacts(v.array(v.string()))),
  binDirectory: v.optional(absolutePath),
  stagingDirectory: v.optional(absolutePath),
}

/** {@link AgentOptions} as they may come from data: any of them, and wrong. */
export type AgentParts = Partial<Record<keyof AgentOptions, unknown>>

/** Problems of {@link AgentOptions} that the schema does not see. */
export function agentIssues({ install }: AgentParts): readonly Issue[] {
  return installationIssues(install)
}

/** The files of this machine that {@link AgentOptions} name. */
export function agentInputs({ install }: AgentParts): readonly LocalInput[] {
  return installationInputs(install)
}

/** The paths that an option names: one, or a list of them, as they come into the machine. The option may come from data, and be wrong. */
export function pathInputs(name: string, value: unknown, kind?: LocalInput['kind']): readonly LocalInput[] {
  const about = kind === 'file' ? ({ kind } as const) : ({ ...(kind !== undefined && { kind }), linksOut: 'followed' } as const)
  if (typeof value === 'string') return [{ path: value, at: [name], ...about }]
  if (!Array.isArray(value)) return []
  return value.flatMap((path: unknown, index) => (typeof path === 'string' ? [{ path, at: [name, index], ...about }] : []))
}
