import type { Communicator, ComponentContext } from '@imago/core'

import type { WinrmOptions } from './winrm-options.ts'

/** What {@link winrmCommunicator} needs of a build's context. */
export type WinrmContext = Pick<ComponentContext, 'signal' | 'directory' | 'emit' | 'maskSecret'>

/**
 * Waits until the machine lets us in over WinRM, and answers with the way into it. Dispose of it to close it.
 *
 * When the connection breaks, what runs fails with `DISCONNECTED`, and the next command connects again. Fails with `TIMEOUT` and the
 * last cause when the machine does not let us in in time, `MACHINE_LOST` when it does not come back, `AUTHENTICATION_FAILED` when it
 * refuses the login or shows a certificate that is not trusted, `INPUT_MISSING` for a file of certificates that is not there.
 * @example
 * await using machine = await winrmCommunicator({ host: '192.0.2.7', password, tls: { insecure: true } }, ctx)
 * await machine.exec('ver', { onOutput: ctx.output })
 */
export async function winrmCommunicator(options: WinrmOptions, ctx: WinrmContext): Promise<Communicator> {
  const { openWinrm } = await import('./open-winrm.ts')
  return await openWinrm(options, ctx)
}
