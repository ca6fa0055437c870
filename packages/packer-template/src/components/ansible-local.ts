import type { FromFacts } from '@imago/core'
import type { AnsibleLocalOptions } from '@imago/provisioner-ansible'

import { always, text } from '../mapping/coercions.ts'
import { exclusive } from '../mapping/exclusive.ts'
import { lateTexts, texts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext, ComponentTable, Composed } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import type { AgentCommandForm } from '../shell/agent-command.ts'
import { understandAgentCommand } from '../shell/agent-command.ts'
import { buildValues } from '../text/field-table.ts'
import { joinedArguments } from './agent-call.ts'

const fetchedHere = 'what galaxyFile names is fetched by this machine, and brought along'

/** `ansible-local`. Packer's runs as the user that it logs in as. */
export const ansibleLocalTable: ComponentTable = defineTable<AnsibleLocalOptions>()({
  factory: { name: 'ansibleLocal', package: '@imago/provisioner-ansible' },
  load: async () => (await import('@imago/provisioner-ansible')).ansibleLocal,
  options: {
    playbook_file: as('playbook', always(localPath)),
    playbook_files: taken(localPaths),
    playbook_dir: as('playbookDirectory', localPath),
    role_paths: as('roles', localPaths),
    group_vars: as('groupVars', localPath),
    host_vars: as('hostVars', localPath),
    inventory_file: as('inventory', localPath),
    inventory_groups: as('groups', texts),
    galaxy_file: as('galaxyFile', localPath),
    extra_arguments: taken(lateTexts(buildValues)),
    staging_directory: as('stagingDirectory', text),
    galaxy_command: meaningless(fetchedHere),
    galaxy_roles_path: meaningless(fetchedHere),
    galaxy_collections_path: meaningless(fetchedHere),
    clean_staging_directory: meaningless('the staging directory is always removed'),
    command: inCompose,
    playbook_paths: noCounterpart('let them stand beside the playbook, in a folder of its own'),
    collection_paths: noCounterpart('name the folder that holds ansible_collections with collectionsPath'),
  },
  compose(given, ctx) {
    exclusive('playbook_file', 'playbook_files', ctx)
    const isMade = !ctx.options.members.has('inventory_file')
    return {
      ...callOf(given, ctx),
      ...(isMade && { hostAlias: '127.0.0.1' }),
      ...(given.playbook_files !== undefined && { playbook: given.playbook_files }),
    }
  },
})

const form: AgentCommandForm = { program: 'ansible-playbook', verbs: [], fields: {}, own: [] }

/** How `command` and the option beside it say that Ansible is called: `ANSIBLE_FORCE_COLOR=1 sudo ansible-playbook`. */
function callOf(
  { extra_arguments: extra }: { readonly extra_arguments?: Model<FromFacts<readonly string[]>> },
  ctx: ComponentContext,
): Composed<AnsibleLocalOptions> {
  const written = ctx.options.members.get('command')?.value
  const isWritten = written !== undefined && !(written.kind === 'plain' && written.value === null)
  const command = isWritten ? understandAgentCommand(written, form, ctx) : undefined
  const extraArguments = joinedArguments(command?.arguments ?? [], extra)
  if ((isWritten && command === undefined) || extraArguments === 'unknown') {
    ctx.noCounterpart('command', 'name the folder of the program with binDirectory, and its environment with environment')
    return { sudo: false }
  }
  return {
    sudo: command?.sudo === 'always',
    ...(command?.binDirectory !== undefined && { binDirectory: command.binDirectory }),
    ...(command !== undefined && Object.keys(command.env).length > 0 && { environment: command.env }),
    ...(extraArguments !== undefined && { extraArguments }),
  }
}
