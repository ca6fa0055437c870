import { basename } from 'node:path'

import type { Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import type { AnsibleLocalOptions, AnsibleLocalParts } from './ansible-local-options.ts'
import { ansibleLocalInputs, ansibleLocalIssues } from './ansible-local-options.ts'
import { runLocalPlaybooks } from './run-local-playbooks.ts'

/**
 * Runs Ansible playbooks in the machine, with the Ansible that it has. Playbooks, roles and collections go over in one stream, into a
 * directory that is gone when it is over; variables are in a private file, and on no command line.
 *
 * Fails with `COMMAND_FAILED` when a task fails (the message has the task, the host and what the module says), when a playbook cannot be run, is
 * for no host, or a role cannot be fetched; with `TOOL_MISSING` when the machine has no Ansible and `install` brings none, or this one no
 * `ansible-galaxy` for `galaxyFile`; and with `INPUT_MISSING` when a file is gone.
 * @example ansibleLocal({ playbook: 'playbook/site.yml', groups: ['web'], install: 'package' })
 * @example ansibleLocal({ playbook: ['base.yml', 'web.yml'], roles: ['roles/nginx'], extraVariables: { port: 8080 } })
 */
export function ansibleLocal<const N extends string = never>(
  options: AnsibleLocalOptions & StepOptions & Scope<N>,
): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'ansible-local',
    ...common,
    options: own,
    title: title(own),
    validate: () => ansibleLocalIssues(own),
    inputs: () => ansibleLocalInputs(own),
    platform: 'posix',
    cacheable: { revision: 1 },
    provision: async (ctx) => await runLocalPlaybooks(own, ctx),
  }
}

function title({ playbook }: AnsibleLocalParts): string {
  const names = [playbook].flat().filter((path) => typeof path === 'string')
  return names.length === 0 ? 'ansible-playbook' : `ansible-playbook ${names.map((path) => basename(path)).join(', ')}`
}
