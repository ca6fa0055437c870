import { sshInputs } from '@imago/communicator-ssh'
import { winrmInputs } from '@imago/communicator-winrm'
import type { Artifact, Builder, LocalInput } from '@imago/core'

import { build } from './build.ts'
import type { NullOptions } from './null-options.ts'
import { nullIssues } from './null-schema.ts'

/** What {@link nullBuilder} makes: nothing. The id names the machine that was provisioned. */
export interface NoArtifact extends Artifact {
  readonly type: 'none'
  /** `user@host:port`, `'local'` or `'none'`. */
  readonly id: string
}

/**
 * Runs the provisioners on a machine that is there already, and makes no artifact: a host that is reached over SSH or WinRM, this
 * machine, or none. What a provisioner changes stays.
 *
 * Fails with `TIMEOUT` and the last cause when the host does not let us in, `AUTHENTICATION_FAILED` when it refuses the login or shows a
 * wrong host key, and as `sshCommunicator` and `winrmCommunicator` say.
 * @example nullBuilder({ host: '192.0.2.7', user: 'debian', key: { file: '~/.ssh/id_ed25519' } })
 * @example nullBuilder({ communicator: 'winrm', host: '192.0.2.8', password, tls: { insecure: true } })
 * @example nullBuilder({ communicator: 'local' })
 */
export function nullBuilder(options: NullOptions): Builder<NoArtifact> {
  return {
    kind: 'builder',
    type: 'null',
    options,
    makes: { type: 'none', files: false },
    validate: () => nullIssues(options),
    inputs: () => inputsOf(options),
    build: async (ctx) => await build(options, ctx),
    destroyArtifact: async () => undefined, // there is nothing to remove, and the machine is not ours
  }
}

function inputsOf(options: NullOptions): readonly LocalInput[] {
  switch (options.communicator) {
    case 'local':
    case 'none':
      return []
    case 'winrm':
      return winrmInputs(options)
    default:
      return sshInputs(options)
  }
}
