import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Communicator } from '@imago/core'
import { fileSystemError, formatDuration, isSecret, milliseconds, reveal, wait } from '@imago/core'

import type { Entered, Patience } from './connect-when-ready.ts'
import { connectWhenReady } from './connect-when-ready.ts'
import type { Endpoint } from './http-channel.ts'
import { WinrmClient } from './winrm-client.ts'
import type { WinrmContext } from './winrm-communicator.ts'
import { WinrmMachine } from './winrm-machine.ts'
import type { WinrmOptions } from './winrm-options.ts'

/** What `winrmCommunicator` does, in a module that is loaded when a machine is to be reached. */
export async function openWinrm(options: WinrmOptions, ctx: WinrmContext): Promise<Communicator> {
  const { user = 'Administrator', password, auth = 'basic', timeout = '30m', loginAttempts = 10 } = options
  const endpoint = await endpointOf(options, ctx)
  if (isSecret(password)) ctx.maskSecret(reveal(password))
  const client = new WinrmClient(endpoint, { auth, user, password: reveal(password) })
  if (options.pauseBeforeConnecting !== undefined) {
    const pauseMs = milliseconds(options.pauseBeforeConnecting)
    ctx.emit({ type: 'message', level: 'info', text: `wait ${formatDuration(pauseMs)} before connecting to ${client.target}` })
    await wait(pauseMs, ctx.signal)
  }
  const enter = async (signal: AbortSignal, code: Patience['code']): Promise<Entered> => {
    const entered = await connectWhenReady(client, { timeoutMs: milliseconds(timeout), loginAttempts, signal, code, emit: ctx.emit })
    const again = code === 'TIMEOUT' ? '' : ' again'
    ctx.emit({ type: 'message', level: 'info', text: `connected to ${client.target}${again}${described(entered.version)}` })
    return entered
  }
  try {
    const first = await enter(ctx.signal, 'TIMEOUT')
    return new WinrmMachine(client, first, {
      enter: (closing) => enter(AbortSignal.any([ctx.signal, closing]), 'MACHINE_LOST'),
      emit: ctx.emit,
    })
  } catch (error) {
    client.close()
    throw error
  }
}

async function endpointOf({ host, port, tls = false }: WinrmOptions, { directory, signal }: WinrmContext): Promise<Endpoint> {
  if (tls === false) return { host, port: port ?? 5985 }
  const { ca: path, insecure = false } = tls === true ? {} : tls
  try {
    const ca = path === undefined ? undefined : await readFile(resolve(directory, path), { encoding: 'utf8', signal })
    return { host, port: port ?? 5986, tls: { ca, insecure } }
  } catch (error) {
    throw fileSystemError(error, `cannot read the certificates in '${path}'`)
  }
}

/** `OS: 10.0.20348 SP: 0.0 Stack: 3.0` in fewer words. */
function described(version: string): string {
  const system = /OS: *([\d.]+)/.exec(version)?.[1]
  return system === undefined ? '' : `, Windows ${system}`
}
