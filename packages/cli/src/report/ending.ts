import type { Status } from '@imago/core'

const words: Readonly<Record<Status, string>> = { succeeded: 'built', failed: 'failed', cancelled: 'cancelled' }

/** How a build ended, in a word or two. */
export function endingOf({ status, upToDate }: { readonly status: Status; readonly upToDate?: true }): string {
  return upToDate === true ? 'up to date' : words[status]
}
