import type { Facts } from '@imago/core'
import { resolveFacts, reveal } from '@imago/core'

import type { Content } from './seed-server.ts'
import type { ContentOption } from './vm-options.ts'

/** The texts of an option, with its functions called. Secrets in them are written out. */
export function resolveContent(content: ContentOption, facts: Facts): Content {
  return Object.fromEntries(Object.entries(content).map(([path, text]) => [path, reveal(resolveFacts(text, facts))]))
}
