import type { Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { PlaybookSettings } from './playbook-options.ts'

/** Where the files of a run of `ansible-playbook` are, on the machine where it runs. */
export interface PlaybookPaths {
  readonly playbook: string
  /** Inventories, the one that counts most last. */
  readonly inventories: readonly string[]
  /** Files of variables, the one that counts most last. */
  readonly variables: readonly string[]
}

/** The arguments of `ansible-playbook`. Nothing secret is among them. */
export function playbookArguments(
  settings: PlaybookSettings,
  { playbook, inventories, variables }: PlaybookPaths,
  facts: Facts,
): readonly string[] {
  const { become, tags = [], skipTags = [], verbosity = 0, extraArguments = [] } = settings
  return [
    ...inventories.flatMap((path) => ['--inventory', path]),
    ...variables.flatMap((path) => ['--extra-vars', `@${path}`]),
    ...becomeArguments(become),
    ...(tags.length === 0 ? [] : ['--tags', tags.join(',')]),
    ...(skipTags.length === 0 ? [] : ['--skip-tags', skipTags.join(',')]),
    ...(verbosity === 0 ? [] : [`-${'v'.repeat(verbosity)}`]),
    ...resolveFacts(extraArguments, facts),
    playbook,
  ]
}

function becomeArguments(become: PlaybookSettings['become']): readonly string[] {
  if (become === undefined || become === false) return []
  const { user, method } = become === true ? {} : become
  return ['--become', ...(user === undefined ? [] : ['--become-user', user]), ...(method === undefined ? [] : ['--become-method', method])]
}
