import { delimiter, resolve } from 'node:path'

import type { AnsibleOptions } from './ansible-options.ts'
import type { FetchedRequirements } from './galaxy.ts'

/** Where Ansible looks for roles and collections: the definition's folders, what was fetched, and its own usual places. */
export function searchPaths(
  { rolesPath, collectionsPath }: AnsibleOptions,
  requirements: FetchedRequirements | undefined,
  directory: string,
): Record<string, string> {
  const paths = (own: readonly string[] | undefined, fetched: string | undefined, usual: readonly string[]): string | undefined =>
    own === undefined && fetched === undefined
      ? undefined
      : [...(own ?? []).map((path) => resolve(directory, path)), fetched ?? [], ...usual].flat().join(delimiter)
  const roles = paths(rolesPath, requirements?.roles, ['~/.ansible/roles', '/usr/share/ansible/roles', '/etc/ansible/roles'])
  const collections = paths(collectionsPath, requirements?.collections, ['~/.ansible/collections', '/usr/share/ansible/collections'])
  return {
    ...(roles !== undefined && { ANSIBLE_ROLES_PATH: roles }),
    ...(collections !== undefined && { ANSIBLE_COLLECTIONS_PATH: collections, ANSIBLE_COLLECTIONS_PATHS: collections }),
  }
}
