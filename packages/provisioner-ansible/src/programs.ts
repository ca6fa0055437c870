import { dirname, join } from 'node:path'

/** The program that runs playbooks, unless the options name another. */
export const ansiblePlaybook = 'ansible-playbook'

/** Another program of Ansible: in the folder of the one that the options name, where they give its path. */
export function besides(command: string = ansiblePlaybook, name: string): string {
  return command.includes('/') ? join(dirname(command), name) : name
}
