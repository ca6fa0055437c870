import { dirname, join } from 'node:path'

import { ImagoError } from '@imago/core'

/** The program that runs playbooks, unless the options name another. */
export const ansiblePlaybook = 'ansible-playbook'

/** Another program of Ansible: in the folder of the one that the options name, where they give its path. */
export function besides(command: string = ansiblePlaybook, name: string): string {
  return command.includes('/') ? join(dirname(command), name) : name
}

/** The error of a program of Ansible that is not there, with what to do. */
export function withInstallHint(cause: ImagoError): ImagoError {
  return new ImagoError('TOOL_MISSING', cause.message, {
    cause,
    hint: 'install ansible-core on this machine (apt-get install ansible-core, pipx install ansible-core), or name the program with command',
  })
}
