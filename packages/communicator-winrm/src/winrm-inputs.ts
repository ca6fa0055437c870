import type { LocalInput } from '@imago/core'

import type { WinrmAccess } from './winrm-options.ts'

/** The local files that the options of a WinRM connection name. */
export function winrmInputs({ tls }: Pick<WinrmAccess, 'tls'>): readonly LocalInput[] {
  if (typeof tls !== 'object' || tls.ca === undefined) return []
  return [{ path: tls.ca, at: ['tls', 'ca'], kind: 'file' }]
}
