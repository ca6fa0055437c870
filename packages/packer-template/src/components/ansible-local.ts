import type { AnsibleLocalOptions } from '@imago/provisioner-ansible'

import { always, text } from '../mapping/coercions.ts'
import { exclusive } from '../mapping/exclusive.ts'
import { lateTexts, texts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'

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
    extra_arguments: as('extraArguments', lateTexts(buildValues)),
    staging_directory: as('stagingDirectory', text),
    galaxy_command: meaningless(fetchedHere),
    galaxy_roles_path: meaningless(fetchedHere),
    galaxy_collections_path: meaningless(fetchedHere),
    clean_staging_directory: meaningless('the staging directory is always removed'),
    command: noCounterpart('name the folder of the program with binDirectory, and its environment with environment'),
    playbook_paths: noCounterpart('let them stand beside the playbook, in a folder of its own'),
    collection_paths: noCounterpart('name the folder that holds ansible_collections with collectionsPath'),
  },
  compose(given, ctx) {
    exclusive('playbook_file', 'playbook_files', ctx)
    const isMade = !ctx.options.members.has('inventory_file')
    return {
      sudo: false,
      ...(isMade && { hostAlias: '127.0.0.1' }),
      ...(given.playbook_files !== undefined && { playbook: given.playbook_files }),
    }
  },
})
