import type { ImagoError } from '@imago/core'

import type { RootLimit } from './root.ts'

/** What to do to have more users than one. */
export const subordinateIdsHint = "install 'uidmap', and give this user ids in /etc/subuid and /etc/subgid"

/** Only one user is mapped. */
export const usersLimit: RootLimit = {
  what: 'users',
  text: 'files in the root can belong to root only, and steps cannot give them to others',
  hint: subordinateIdsHint,
}

/** Commands do not run. */
export function commandsLimit({ message, hint }: ImagoError): RootLimit {
  return { what: 'commands', text: message, ...(hint !== undefined && { hint }) }
}

/** The overlay could not be mounted. */
export function overlayLimit(reason: string | undefined): RootLimit {
  return { what: 'overlay', text: `changes are found by comparing all files, because an overlay cannot be mounted: ${reason ?? 'unknown'}` }
}
