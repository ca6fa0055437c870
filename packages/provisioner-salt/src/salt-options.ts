import type { AgentOptions } from '@imago/configuration-management'
import { agentEntries, agentInputs, agentIssues, pathInputs } from '@imago/configuration-management'
import type { Issue, JsonObject, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** What `saltMasterless` takes beside the common options of steps. */
export interface SaltMasterlessOptions extends AgentOptions {
  /** The folder of the states. Packer: `local_state_tree`. */
  readonly states: string
  /** More folders of states, searched after it: formulas. Packer: `formulas`, which fetches them. @default none */
  readonly formulas?: readonly string[]
  /** The folder of the pillar. Packer: `local_pillar_roots`. @default none */
  readonly pillar?: string
  /** The states to apply. Packer: `custom_state`. @default what `top.sls` says (the highstate) */
  readonly state?: string | readonly string[]
  /** A configuration file of the minion; where the trees are, and what this step needs, stands above it. Packer: `minion_config`. @default none */
  readonly minionConfig?: string
  /** Grains of your own: a file of the `grains` format, or plain data. Packer: `grains_file`. @default none */
  readonly grains?: string | JsonObject
  /** How much Salt says. Packer: `log_level`. @default 'info' */
  readonly logLevel?: (typeof logLevels)[number]
}

const logLevels = ['all', 'garbage', 'trace', 'debug', 'info', 'warning', 'error', 'critical', 'quiet'] as const

const stateName = v.pipe(v.string(), v.regex(/^[\w.:/,-]+$/, "must be the name of a state, such as 'web.nginx'"))

const schema = v.strictObject({
  ...agentEntries,
  states: optionSchema.text,
  formulas: v.optional(v.array(optionSchema.text)),
  pillar: v.optional(optionSchema.text),
  state: v.optional(v.lazy((value) => (Array.isArray(value) ? v.pipe(v.array(stateName), v.nonEmpty('must not be empty')) : stateName))),
  minionConfig: v.optional(optionSchema.text),
  grains: v.optional(v.lazy((value) => (typeof value === 'object' ? v.record(v.string(), v.unknown()) : optionSchema.text))),
  logLevel: v.optional(v.picklist(logLevels)),
})

/** The options as they may come from data: any of them, and wrong. */
type Parts = Partial<Record<keyof SaltMasterlessOptions, unknown>>

/** Every problem of the options. */
export function saltIssues(options: Parts): readonly Issue[] {
  return [...optionSchema.schemaIssues(schema, options), ...agentIssues(options)]
}

/** The files and trees that it reads. The highstate wants a `top.sls`. */
export function saltInputs(options: Parts): readonly LocalInput[] {
  const { states, formulas, pillar, state, minionConfig, grains } = options
  const wantsTop = typeof states === 'string' && state === undefined && formulas === undefined
  return [
    ...pathInputs('states', states, 'directory'),
    ...(wantsTop ? pathInputs('states', `${states.replace(/\/+$/, '')}/top.sls`, 'file') : []),
    ...pathInputs('formulas', formulas, 'directory'),
    ...pathInputs('pillar', pillar, 'directory'),
    ...pathInputs('minionConfig', minionConfig, 'file'),
    ...pathInputs('grains', grains, 'file'),
    ...agentInputs(options),
  ]
}
