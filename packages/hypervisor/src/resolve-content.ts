import type { ComponentContext, Facts } from '@imago/core'
import { isSecret, resolveFacts, reveal } from '@imago/core'

import type { Content } from './seed-server.ts'
import type { ContentOption } from './vm-options.ts'

/** What functions of facts are called with, and who is told of the secrets that they answer with. */
export interface Resolving extends Pick<ComponentContext, 'maskSecret'> {
  readonly facts: Facts
}

/** The texts of an option, with its functions called and its secrets written out. */
export function resolveContent(content: ContentOption, { facts, maskSecret }: Resolving): Content {
  const entries = Object.entries(content).map(([path, option]): [string, string] => {
    const text = resolveFacts(option, facts)
    if (isSecret(text)) maskSecret(reveal(text))
    return [path, reveal(text)]
  })
  return Object.fromEntries(entries)
}
