import { dirname, normalize } from 'node:path'

import type { LocalInput, Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import type { AnsibleOptions } from './ansible-options.ts'
import { ansibleIssues } from './ansible-schema.ts'
import { runPlaybook } from './run-playbook.ts'

/**
 * Runs an Ansible playbook from this machine against the machine of the build: over SSH with the build's own login, over a container's
 * engine, or through an adapter into any other machine. `ansible-playbook` must be installed here, and Python in the machine.
 *
 * Fails with `COMMAND_FAILED` when a task fails (the message has the task, the host and what the module says), when the playbook cannot be
 * run, when it is for no host, and when a role or collection cannot be fetched; with `NETWORK` when Ansible does not reach the machine, and with
 * `TOOL_MISSING` when Ansible is not installed.
 * @example ansible({ playbook: 'playbook/site.yml', groups: ['web'], extraVariables: { port: 8080 } })
 * @example ansible({ playbook: 'playbook/site.yml', galaxyFile: 'playbook/requirements.yml', become: true, tags: ['base'] })
 */
export function ansible<const N extends string = never>(options: AnsibleOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as AnsibleOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'ansible',
    ...common,
    options: own,
    title: `ansible-playbook ${own.playbook}`,
    validate: () => ansibleIssues(own),
    inputs: () => ansibleInputs(own),
    provision: async (ctx) => await runPlaybook(own, ctx),
  }
}

/** What the playbook reads, as far as the options tell. The options may come from data, and be wrong. */
function ansibleInputs(options: AnsibleOptions): readonly LocalInput[] {
  const { playbook, galaxyFile, configFile, reads, rolesPath, collectionsPath, inventories, variableFiles } = options
  const several = { reads, rolesPath, collectionsPath, inventories, variableFiles }
  const kinds = { rolesPath: 'directory', collectionsPath: 'directory', variableFiles: 'file' } as const
  return [
    ...playbookInputs(playbook),
    ...one(galaxyFile, 'galaxyFile'),
    ...one(configFile, 'configFile'),
    ...Object.entries(several).flatMap(([name, paths]) =>
      Array.isArray(paths)
        ? paths.flatMap((path: unknown, index) =>
            typeof path === 'string'
              ? [{ path, at: [name, index], ...(name in kinds && { kind: kinds[name as keyof typeof kinds] }) }]
              : [],
          )
        : [],
    ),
  ]
}

/** The playbook, and the folder that it stands in, unless that is the definition's own, or one around it. */
function playbookInputs(playbook: unknown): LocalInput[] {
  if (typeof playbook !== 'string') return []
  const folder = normalize(dirname(playbook))
  const isOwn = !/^(?:\.|\.\.(?:\/\.\.)*|\/)$/.test(folder)
  return [...one(playbook, 'playbook'), ...(isOwn ? [{ path: folder, at: ['playbook'], kind: 'directory' as const }] : [])]
}

function one(path: unknown, at: string): LocalInput[] {
  return typeof path === 'string' ? [{ path, at: [at], kind: 'file' }] : []
}
