import type { AnsibleOptions } from '@imago/provisioner-ansible'

import { always, flag, text } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import { environmentList } from '../mapping/environment.ts'
import { lateTexts, texts } from '../mapping/list-coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'
import { windowsOnly } from './agent.ts'
import { inventoryVariables } from './ansible-inventory.ts'

const adapter = 'the adapter has a port, and makes itself keys'

/** `ansible` */
export const ansibleTable: ComponentTable = defineTable<AnsibleOptions>()({
  factory: { name: 'ansible', package: '@imago/provisioner-ansible' },
  load: async () => (await import('@imago/provisioner-ansible')).ansible,
  options: {
    playbook_file: as('playbook', always(localPath)),
    command: as('command', text),
    extra_arguments: as('extraArguments', lateTexts(buildValues)),
    ansible_env_vars: taken(environmentList),
    groups: as('groups', texts),
    empty_groups: as('emptyGroups', texts),
    host_alias: as('hostAlias', text),
    user: as('user', text),
    inventory_file: taken(localPath),
    inventory_directory: taken(localPath),
    inventory_file_template: inCompose,
    keep_inventory_file: meaningless('the inventory is made for each run, and holds nothing that the options do not say', flag),
    galaxy_file: as('galaxyFile', localPath),
    galaxy_command: as('galaxyCommand', text),
    galaxy_force_install: taken(flag),
    galaxy_force_with_deps: taken(flag),
    roles_path: taken(localPath),
    collections_path: taken(localPath),
    use_proxy: taken(flag),
    local_port: meaningless(adapter),
    ssh_host_key_file: meaningless(adapter),
    ssh_authorized_key_file: meaningless(adapter),
    ansible_proxy_key_type: meaningless(adapter),
    ansible_proxy_host: meaningless(adapter),
    sftp_command: meaningless('the adapter speaks SFTP by itself'),
    use_sftp: meaningless('scp and sftp both work'),
    skip_version_check: meaningless('no version is asked for'),
    ansible_winrm_use_http: noCounterpart(windowsOnly),
  },
  compose(given, ctx) {
    const isFetched = ctx.options.members.has('galaxy_file')
    const hostVariables = inventoryVariables(ctx)
    const inventories = [given.inventory_directory, given.inventory_file].filter((path) => path !== undefined)
    return {
      ...(given.ansible_env_vars !== undefined && { environment: given.ansible_env_vars }),
      ...(inventories.length > 0 && { inventories }),
      ...(hostVariables !== undefined && { hostVariables }),
      ...((isYes(given.galaxy_force_install) || isYes(given.galaxy_force_with_deps)) && { galaxyForce: true }),
      // with requirements it is where they are put, which is a cache here
      ...(given.roles_path !== undefined && !isFetched && { rolesPath: [given.roles_path] }),
      ...(given.collections_path !== undefined && !isFetched && { collectionsPath: [given.collections_path] }),
      ...(isYes(given.use_proxy) && { connection: 'adapter' }),
    }
  },
})
