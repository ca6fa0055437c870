import type { LocalInput } from '@imago/core'

import { expandHome } from './home-path.ts'
import type { SshAccess, SshLogin } from './ssh-options.ts'

/** The local files that the options of an SSH connection name, for a builder's `inputs`. */
export function sshInputs(access: SshAccess): readonly LocalInput[] {
  const bastions = (access.bastions ?? []).flatMap((bastion, index) => filesOf(bastion, ['bastions', index]))
  return [...filesOf(access, []), ...bastions]
}

function filesOf({ key, hostKey }: SshLogin, at: LocalInput['at']): LocalInput[] {
  const file = (path: string | undefined, ...rest: readonly string[]): LocalInput[] =>
    path === undefined ? [] : [{ path: expandHome(path), at: [...at, ...rest], kind: 'file' }]
  return [
    ...file(key?.file, 'key', 'file'),
    ...file(key?.certificate, 'key', 'certificate'),
    ...file(typeof hostKey === 'object' ? hostKey.knownHosts : undefined, 'hostKey', 'knownHosts'),
  ]
}
