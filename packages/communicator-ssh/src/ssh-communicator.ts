import type { Communicator, ComponentContext } from '@imago/core'

import type { SshOptions } from './ssh-options.ts'

/** What {@link sshCommunicator} needs of a build's context. */
export type SshContext = Pick<ComponentContext, 'signal' | 'directory' | 'emit' | 'maskSecret'>

/**
 * Waits until the machine lets us in over SSH, and answers with the way into it: one connection and one shell that stays open.
 * Dispose of it to close them.
 *
 * When the connection breaks, what runs fails with `DISCONNECTED`, and the next command connects again. Fails with `TIMEOUT` and the
 * last cause when the machine does not let us in in time, `MACHINE_LOST` when it does not come back, `AUTHENTICATION_FAILED` when it
 * refuses the login or shows a wrong host key, `UNSUPPORTED` when both sides have no algorithm in common, `INPUT_MISSING` for a key
 * file that is not there, `DEFINITION_INVALID` for one that cannot be used.
 * @example
 * await using machine = await sshCommunicator({ host: '192.0.2.7', user: 'debian', key: { file: '~/.ssh/id_ed25519' } }, ctx)
 * await machine.exec('uname -a', { onOutput: ctx.output })
 */
export async function sshCommunicator(options: SshOptions, ctx: SshContext): Promise<Communicator> {
  const { openSsh } = await import('./open-ssh.ts')
  return await openSsh(options, ctx)
}
