import type { Communicator, Emit } from '@imago/core'
import { formatDuration, milliseconds, wait } from '@imago/core'

import { connectWhenReady } from './connect-when-ready.ts'
import type { Patience } from './connect-when-ready.ts'
import { Link } from './link.ts'
import { Route } from './route.ts'
import { SshMachine } from './ssh-machine.ts'
import type { SshContext } from './ssh-communicator.ts'
import type { SshOptions } from './ssh-options.ts'
import { openTunnels } from './tunnels.ts'

/** What `sshCommunicator` does, in a module that is loaded when a machine is to be reached. */
export async function openSsh(options: SshOptions, ctx: SshContext): Promise<Communicator> {
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
