import type { GalaxyOptions } from './galaxy-options.ts'
import type { PlaybookSettings } from './playbook-options.ts'

/** What `ansible` takes beside the common options of steps. */
export interface AnsibleOptions extends PlaybookSettings, GalaxyOptions {
  /**
   * The playbook, relative to the definition. One in a folder of its own stands there with all that it needs: roles, variables, files,
   * templates; the whole folder is looked for, and counts for whether anything has changed. Of one beside the definition, only itself:
   * name the rest with `reads`, or the step always runs. Packer: `playbook_file`.
   */
  readonly playbook: string
  /** Further files and folders that the playbook reads: they are looked for, and count for whether anything has changed. @default none */
  readonly reads?: readonly string[]
  /** Folders where Ansible looks for roles, before its usual ones; relative to the definition. Packer: `roles_path`. @default none */
  readonly rolesPath?: readonly string[]
  /**
   * Folders where Ansible looks for collections, before its usual ones; relative to the definition. Packer: `collections_path`.
   * @default none
   */
  readonly collectionsPath?: readonly string[]
  /**
   * Inventories of your own, files or folders with their `group_vars` and `host_vars`; relative to the definition. What they say of
   * `hostAlias` holds for the machine. Packer: `inventory_file`, `inventory_directory`. @default none
   */
  readonly inventories?: readonly string[]
  /**
   * The hosts that the playbook is limited to. Packer: `--limit` in `extra_arguments`.
   * @default with `inventories`, the machine and this one
   */
  readonly limit?: string
  /**
   * A configuration of Ansible, relative to the definition.
   * @default the `ansible.cfg` beside the definition, or what Ansible finds itself
   */
  readonly configFile?: string
  /**
   * How Ansible gets into the machine: over SSH with the build's own login, over the engine of a Docker container (with the collection
   * `community.docker` and the program `docker`), or through an adapter that hands everything to the communicator. `'auto'` takes the first
   * of these that the machine and this one have. Packer: `use_proxy`, where `true` is `'adapter'`.
   * @default auto
   */
  readonly connection?: 'auto' | 'ssh' | 'docker' | 'adapter'
  /** The user that Ansible logs in as, where the adapter does not do it. Packer: `user`. @default the build's own */
  readonly user?: string
  /** The program, by name or path. Packer: `command`. @default ansible-playbook */
  readonly command?: string
}
