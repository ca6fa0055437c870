import { pathInputs } from '@imago/configuration-management'
import type { Cacheable, LocalInput, Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import { ownFolder } from './ansible-local-options.ts'
import type { AnsibleOptions } from './ansible-options.ts'
import { ansibleIssues } from './ansible-schema.ts'
import { runPlaybook } from './run-playbook.ts'
import { syntaxIssues } from './syntax-issues.ts'

/**
 * Runs an Ansible playbook from this machine against the machine of the build: over SSH with the build's own login, over a container's
 * engine, or through an adapter into any other machine. `ansible-playbook` must be installed here, and Python in the machine.
 *
 * Fails with `COMMAND_FAILED` when a task fails (the message has the task, the host and what the module says), when the playbook cannot be
 * run, when it is for no host, and when a role or collection cannot be fetched; with `NETWORK` when Ansible does not reach the machine,
 * `DISCONNECTED` when it does not any more, and `TOOL_MISSING` when Ansible is not installed.
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
    platform: 'posix',
    cacheable: cacheable(own),
    preflight: async (ctx) => await syntaxIssues(own, ctx),
    provision: async (ctx) => await runPlaybook(own, ctx),
  }
}

/** Doing it again can be left out where all that it reads is known. */
function cacheable({ playbook, reads, galaxyForce }: AnsibleOptions): Cacheable {
  if (galaxyForce === true) return { never: 'its requirements are fetched again' }
  if (folderOf(playbook) === undefined && reads === undefined) {
    return { never: 'what the playbook reads besides itself is not known: name it with reads, or give it a folder of its own' }
  }
  return { revision: 1 }
}

/** What the playbook reads, as far as the options tell. The options may come from data, and be wrong. */
function ansibleInputs(options: AnsibleOptions): readonly LocalInput[] {
  const { playbook, galaxyFile, configFile, reads, rolesPath, collectionsPath, inventories, variableFiles } = options
  return [
    ...pathInputs('playbook', playbook, 'file'),
    ...pathInputs('playbook', folderOf(playbook), 'directory'),
    ...pathInputs('galaxyFile', galaxyFile, 'file'),
    ...pathInputs('configFile', configFile, 'file'),
    ...pathInputs('reads', reads),
    ...pathInputs('rolesPath', rolesPath, 'directory'),
    ...pathInputs('collectionsPath', collectionsPath, 'directory'),
    ...pathInputs('inventories', inventories),
    ...pathInputs('variableFiles', variableFiles, 'file'),
  ]
}

function folderOf(playbook: unknown): string | undefined {
  return typeof playbook === 'string' ? ownFolder(playbook) : undefined
}
