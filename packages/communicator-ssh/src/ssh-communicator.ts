import type { Communicator, ComponentContext, Emit } from '@imago/core'
import { formatDuration, milliseconds, wait } from '@imago/core'

import { connectWhenReady } from './connect-when-ready.ts'
import type { Patience } from './connect-when-ready.ts'
import { Link } from './link.ts'
import { Route } from './route.ts'
import { SshMachine } from './ssh-machine.ts'
import type { SshOptions } from './ssh-options.ts'
import { openTunnels } from './tunnels.ts'

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
  const route = await Route.load(options, ctx)
  if (options.pauseBeforeConnecting !== undefined) {
    const pauseMs = milliseconds(options.pauseBeforeConnecting)
    ctx.emit({ type: 'message', level: 'info', text: `wait ${formatDuration(pauseMs)} before connecting to ${route.target}` })
    await wait(pauseMs, ctx.signal)
  }
  const connect = async (signal: AbortSignal, code: Patience['code']): Promise<Link> => {
    const before = route.hostKeys.fingerprint
    const connection = await connectWhenReady(route, {
      timeoutMs: milliseconds(options.timeout ?? '5m'),
      loginAttempts: options.loginAttempts ?? 10,
      signal,
      code,
    })
    sayConnected(route, before, ctx.emit)
    try {
      if (options.tunnels !== undefined) await openTunnels(connection, options.tunnels)
    } catch (error) {
      connection.close()
      throw error
    }
    return new Link(connection, {
      transfer: options.transfer ?? 'auto',
      say: (level, text) => ctx.emit({ type: 'message', level, text }),
    })
  }
  try {
    const first = await connect(ctx.signal, 'TIMEOUT')
    return new SshMachine(first, route, (closing) => connect(AbortSignal.any([ctx.signal, closing]), 'MACHINE_LOST'))
  } catch (error) {
    route.close()
    throw error
  }
}

function sayConnected({ target, hostKeys }: Route, before: string | undefined, emit: Emit): void {
  const { fingerprint } = hostKeys
  if (before === undefined) emit({ type: 'message', level: 'info', text: `connected to ${target}, host key ${fingerprint}` })
  else if (before === fingerprint) emit({ type: 'message', level: 'info', text: `connected to ${target} again` })
  else
    emit({
      type: 'message',
      level: 'warning',
      text: `connected to ${target} again; since its restart it has another host key, ${fingerprint}`,
    })
}
