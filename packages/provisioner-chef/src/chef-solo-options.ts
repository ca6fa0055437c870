import { dirname, normalize } from 'node:path'

import { agentIssues, pathInputs } from '@imago/configuration-management'
import type { Issue, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { ChefOptions } from './chef-options.ts'
import { chefEntries, chefInputs, runListSchema } from './chef-options.ts'

/** Where the cookbooks come from, and what runs: folders with a run list, a Berksfile with one, or a Policyfile, which has its own. */
export type CookbookSource =
  | (RunListOptions & {
      /** Folders that hold cookbooks. Packer: `cookbook_paths`. @default none */
      readonly cookbooks?: readonly string[]
      readonly berksfile?: never
      readonly policyfile?: never
    })
  | (RunListOptions & {
      /** A Berksfile, whose cookbooks Berkshelf resolves on this machine. */
      readonly berksfile: string
      readonly cookbooks?: never
      readonly policyfile?: never
    })
  | {
      /** A Policyfile, which Workstation resolves and exports on this machine; it runs in local mode. */
      readonly policyfile: string
      /** Which of its run lists. @default its own */
      readonly namedRunList?: string
      readonly cookbooks?: never
      readonly berksfile?: never
      readonly remoteCookbooks?: never
      readonly runList?: never
      readonly roles?: never
      readonly environments?: never
      readonly environment?: never
    }

/** What runs without a policy. */
export interface RunListOptions {
  /** Recipes and roles, in order: `['nginx', 'role[web]']`. Packer: `run_list`. @default what `attributes` say */
  readonly runList?: readonly string[]
  /** Folders of the machine that hold cookbooks. Packer: `remote_cookbook_paths`. @default none */
  readonly remoteCookbooks?: readonly string[]
  /** The folder of roles. Packer: `roles_path`. @default none */
  readonly roles?: string
  /** The folder of environments. Packer: `environments_path`. @default none */
  readonly environments?: string
  /** The environment. Packer: `chef_environment`. @default `_default` */
  readonly environment?: string
  readonly namedRunList?: never
}

/** What `chefSolo` takes beside the common options of steps. */
export type ChefSoloOptions = ChefOptions &
  CookbookSource & {
    /** The folder of data bags. Packer: `data_bags_path`. @default none */
    readonly dataBags?: string
    /**
     * When a recipe wants the machine restarted (exit codes 35 and 37): the step fails, restarts it and runs again, or goes on.
     * @default 'fail'
     */
    readonly onReboot?: 'fail' | 'restart' | 'ignore'
  }

const schema = v.strictObject({
  ...chefEntries,
  cookbooks: v.optional(v.array(optionSchema.text)),
  berksfile: v.optional(optionSchema.text),
  policyfile: v.optional(optionSchema.text),
  namedRunList: v.optional(optionSchema.text),
  runList: runListSchema,
  remoteCookbooks: v.optional(v.array(optionSchema.text)),
  roles: v.optional(optionSchema.text),
  environments: v.optional(optionSchema.text),
  environment: v.optional(optionSchema.text),
  dataBags: v.optional(optionSchema.text),
  onReboot: v.optional(v.picklist(['fail', 'restart', 'ignore'])),
})

/** The options as they may come from data: any of them, and wrong. */
export type ChefSoloParts = Partial<Record<keyof ChefSoloOptions, unknown>>

/** Every problem of the options. */
export function chefSoloIssues(options: ChefSoloParts): readonly Issue[] {
  return [...optionSchema.schemaIssues(schema, options), ...agentIssues(options), ...sourceIssues(options)]
}

/** What excludes what, and that there is something to run. */
function sourceIssues(options: ChefSoloParts): readonly Issue[] {
  const [first, ...others] = (['cookbooks', 'berksfile', 'policyfile'] as const).filter((name) => options[name] !== undefined)
  const withPolicy = ['runList', 'roles', 'environments', 'environment', 'remoteCookbooks'] as const
  const exclusive = options.policyfile === undefined ? [] : withPolicy.filter((name) => options[name] !== undefined)
  return [
    ...others.map((name) => ({ path: [name], message: `${first} and ${name} exclude each other` })),
    ...exclusive.map((name) => ({ path: [name], message: `policyfile and ${name} exclude each other`, hint: 'the policy says it' })),
    ...(first === undefined && options.remoteCookbooks === undefined
      ? [{ path: [], message: 'one of cookbooks, berksfile, policyfile and remoteCookbooks is required' }]
      : []),
    ...(options.namedRunList !== undefined && options.policyfile === undefined
      ? [{ path: ['namedRunList'], message: 'belongs to policyfile' }]
      : []),
  ]
}

/** The files and trees that it reads. */
export function chefSoloInputs(options: ChefSoloParts): readonly LocalInput[] {
  const { cookbooks, berksfile, policyfile, roles, environments, dataBags } = options
  return [
    ...pathInputs('cookbooks', cookbooks, 'directory'),
    ...withFolder('berksfile', berksfile),
    ...withFolder('policyfile', policyfile),
    ...pathInputs('roles', roles, 'directory'),
    ...pathInputs('environments', environments, 'directory'),
    ...pathInputs('dataBags', dataBags, 'directory'),
    ...chefInputs(options),
  ]
}

/** A file with the folder that it stands in, which has its lock file and maybe the cookbook; not the definition's own, or one around it. */
function withFolder(name: string, path: unknown): readonly LocalInput[] {
  const file = pathInputs(name, path, 'file')
  if (typeof path !== 'string') return file
  const folder = normalize(dirname(path))
  return /^(?:\.|\.\.(?:\/\.\.)*|\/)$/.test(folder) ? file : [...file, ...pathInputs(name, folder, 'directory')]
}
