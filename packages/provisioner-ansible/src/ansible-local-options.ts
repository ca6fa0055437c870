import { dirname, normalize, relative } from 'node:path'

import type { AgentOptions } from '@imago/configuration-management'
import { agentEntries, agentInputs, agentIssues, pathInputs } from '@imago/configuration-management'
import type { Issue, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { GalaxyOptions } from './galaxy-options.ts'
import { galaxyEntries } from './galaxy-options.ts'
import type { PlaybookSettings } from './playbook-options.ts'
import { playbookSettingsEntries } from './playbook-options.ts'

/** What `ansibleLocal` takes beside the common options of steps. `galaxyFile` is fetched by this machine, which needs `ansible-galaxy` for it. */
export interface AnsibleLocalOptions extends Omit<AgentOptions, 'env' | 'extraArguments'>, PlaybookSettings, GalaxyOptions {
  /**
   * The playbook, or several that run one after the other. With one in a folder of its own the whole folder goes into the machine; of one beside the
   * definition, only itself. Packer: `playbook_file`, `playbook_files`.
   */
  readonly playbook: string | readonly string[]
  /** The folder around the playbooks that goes into the machine, when it is another than their own. Packer: `playbook_dir`. @default their own */
  readonly playbookDirectory?: string
  /** Folders where Ansible looks for roles. @default none but its usual ones, and `roles` beside the playbook */
  readonly rolesPath?: readonly string[]
  /** Single roles, by their folder's name. Packer: `role_paths`. @default none */
  readonly roles?: readonly string[]
  /** Folders where Ansible looks for collections. Packer: `collection_paths`. @default none but its usual ones */
  readonly collectionsPath?: readonly string[]
  /** The folder of variables of groups. Packer: `group_vars`. @default `group_vars` beside the playbook */
  readonly groupVars?: string
  /** The folder of variables of hosts. Packer: `host_vars`. @default `host_vars` beside the playbook */
  readonly hostVars?: string
  /**
   * An inventory of your own, in place of the one that the options make: all its hosts are this one machine. Packer: `inventory_file`.
   * @default the machine, in `groups`
   */
  readonly inventory?: string
}

const { text } = optionSchema
const paths = v.optional(v.array(text))
const { env: _env, extraArguments: _extraArguments, ...ownAgentEntries } = agentEntries

const schema = v.strictObject({
  ...ownAgentEntries,
  ...playbookSettingsEntries,
  ...galaxyEntries,
  playbook: v.lazy((value) => (Array.isArray(value) ? v.pipe(v.array(text), v.nonEmpty('must not be empty')) : text)),
  playbookDirectory: v.optional(text),
  rolesPath: paths,
  roles: paths,
  collectionsPath: paths,
  groupVars: v.optional(text),
  hostVars: v.optional(text),
  inventory: v.optional(text),
})

/** The options as they may come from data: any of them, and wrong. */
export type AnsibleLocalParts = Partial<Record<keyof AnsibleLocalOptions, unknown>>

/** Every problem of the options. */
export function ansibleLocalIssues(options: AnsibleLocalParts): readonly Issue[] {
  const { inventory, playbook, playbookDirectory, galaxyForce, galaxyFile } = options
  const madeUp = (['groups', 'emptyGroups', 'hostAlias', 'hostVariables'] as const).filter((name) => options[name] !== undefined)
  const outside =
    typeof playbookDirectory === 'string'
      ? pathInputs('playbook', playbook).filter(({ path }) => /^\.\.(?:\/|$)/.test(relative(playbookDirectory, path)))
      : []
  return [
    ...optionSchema.schemaIssues(schema, options),
    ...agentIssues(options),
    ...(inventory === undefined
      ? []
      : madeUp.map((name) => ({ path: [name], message: `inventory and ${name} exclude each other`, hint: 'the inventory says it' }))),
    ...outside.map(({ path, at }) => ({ path: at, message: `'${path}' is not in playbookDirectory, '${String(playbookDirectory)}'` })),
    ...(galaxyForce === true && galaxyFile === undefined
      ? [{ path: ['galaxyForce'], message: 'needs galaxyFile', hint: "galaxyFile: 'requirements.yml'" }]
      : []),
  ]
}

/** The files and trees that go into the machine. */
export function ansibleLocalInputs(options: AnsibleLocalParts): readonly LocalInput[] {
  const { playbook, playbookDirectory, rolesPath, roles, collectionsPath, groupVars, hostVars, inventory, variableFiles, galaxyFile } =
    options
  const playbooks = pathInputs('playbook', playbook, 'file')
  const folders = playbookDirectory === undefined ? playbooks.flatMap(({ path, at }) => folderInput(path, at)) : []
  return [
    ...playbooks,
    ...folders,
    ...pathInputs('playbookDirectory', playbookDirectory, 'directory'),
    ...pathInputs('rolesPath', rolesPath, 'directory'),
    ...pathInputs('roles', roles, 'directory'),
    ...pathInputs('collectionsPath', collectionsPath, 'directory'),
    ...pathInputs('groupVars', groupVars, 'directory'),
    ...pathInputs('hostVars', hostVars, 'directory'),
    ...pathInputs('inventory', inventory, 'file'),
    ...pathInputs('variableFiles', variableFiles, 'file'),
    ...pathInputs('galaxyFile', galaxyFile, 'file'),
    ...agentInputs(options),
  ]
}

function folderInput(playbook: string, at: LocalInput['at']): readonly LocalInput[] {
  const folder = ownFolder(playbook)
  return folder === undefined ? [] : [{ path: folder, at, kind: 'directory', linksOut: 'followed' }]
}

/** The folder that a playbook stands in, unless that is the definition's own, or one around it. */
export function ownFolder(playbook: string): string | undefined {
  const folder = normalize(dirname(playbook))
  return /^(?:\.|\.\.(?:\/\.\.)*|\/)$/.test(folder) ? undefined : folder
}
