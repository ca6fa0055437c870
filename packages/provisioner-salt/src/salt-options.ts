import type { AgentOptions } from '@imago/configuration-management'
import { agentEntries, agentInputs, agentIssues, pathInputs } from '@imago/configuration-management'
import type { Issue, JsonObject, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** A formula in a Git repository, which this machine clones. */
export interface GitFormula {
  /** As `git clone` takes it. */
  readonly git: string
  /** A branch, a tag or a commit. @default the repository's own branch */
  readonly ref?: string
  /** A folder of the repository, which alone is taken, under its own name: `'vault'` for the state `vault`. @default all of it */
  readonly path?: string
}

/** What `saltMasterless` takes beside the common options of steps. */
export interface SaltMasterlessOptions extends AgentOptions {
  /** The folder of the states. Packer: `local_state_tree`. */
  readonly states: string
  /** Where the states are put in the machine, and stay; what is there is removed. Packer: `remote_state_tree`. @default they do not stay */
  readonly statesDirectory?: string
  /** More folders of states, searched after it, and repositories of Git: formulas. Packer: `formulas`. @default none */
  readonly formulas?: readonly (string | GitFormula)[]
  /** The folder of the pillar. Packer: `local_pillar_roots`. @default none */
  readonly pillar?: string
  /** Where the pillar is put in the machine, and stays; what is there is removed. Packer: `remote_pillar_roots`. @default it does not stay */
  readonly pillarDirectory?: string
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

const notAnOption = (what: string) => v.pipe(optionSchema.text, v.regex(/^[^-]/, `must be ${what}, and no option`))

const gitFormula = v.strictObject({
  git: notAnOption('a repository'),
  ref: v.optional(notAnOption('a branch, a tag or a commit')),
  path: v.optional(v.pipe(v.string(), v.regex(/^(?!\.{0,2}(?:\/|$))(?!.*\/\.\.(?:\/|$))./, 'must be a folder of the repository'))),
})

/** Removed before the tree comes: no folder at the root of the machine. */
const ownFolder = v.pipe(v.string(), v.regex(/^\/(?!\/)(?!.*\/\.\.?(?:\/|$)).*[^/]\/+[^/]/, "must be a folder such as '/srv/salt'"))

const schema = v.strictObject({
  ...agentEntries,
  states: optionSchema.text,
  statesDirectory: v.optional(ownFolder),
  formulas: v.optional(v.array(v.lazy((value) => (typeof value === 'object' ? gitFormula : optionSchema.text)))),
  pillar: v.optional(optionSchema.text),
  pillarDirectory: v.optional(ownFolder),
  state: v.optional(v.lazy((value) => (Array.isArray(value) ? v.pipe(v.array(stateName), v.nonEmpty('must not be empty')) : stateName))),
  minionConfig: v.optional(optionSchema.text),
  grains: v.optional(v.lazy((value) => (typeof value === 'object' ? v.record(v.string(), v.unknown()) : optionSchema.text))),
  logLevel: v.optional(v.picklist(logLevels)),
})

/** The options as they may come from data: any of them, and wrong. */
type Parts = Partial<Record<keyof SaltMasterlessOptions, unknown>>

/** Every problem of the options. */
export function saltIssues(options: Parts): readonly Issue[] {
  const { pillar, pillarDirectory } = options
  const lonely = pillarDirectory !== undefined && pillar === undefined
  return [
    ...optionSchema.schemaIssues(schema, options),
    ...agentIssues(options),
    ...(lonely ? [{ path: ['pillarDirectory'], message: 'needs a pillar' }] : []),
  ]
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
