import { once } from 'node:events'
import type { Socket } from 'node:net'

import { ImagoError, isImagoError, messageOf, reveal, timeLimit } from '@imago/core'

import type { Address } from './connection.ts'
import type { DialOptions } from './dial.ts'
import { dialTcp } from './dial.ts'
import type { SshProxy } from './ssh-options.ts'

/** How long the proxy may take, in milliseconds. */
const proxyMs = 30_000

/** Why a request was refused (RFC 1928 §6). */
const refusals: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'its rules do not allow it',
  3: 'the network cannot be reached',
  4: 'the host cannot be reached',
  5: 'connection refused',
  6: 'no answer in time',
  7: 'it cannot do that',
  8: 'it does not know this kind of address',
}

/**
 * Opens a connection through a SOCKS5 proxy (RFC 1928), with user and password where they are given (RFC 1929). The proxy resolves the
 * name.
 * @throws ImagoError `NETWORK`; `AUTHENTICATION_FAILED` when the proxy refuses the user.
 */
export async function dialSocks5(proxy: SshProxy, to: Address, options: DialOptions): Promise<Socket> {
  const name = `the proxy ${proxy.host}:${proxy.port ?? 1080}`
  const socket = await dialTcp({ host: proxy.host, port: proxy.port ?? 1080 }, options)
  const limit = AbortSignal.any([options.signal, timeLimit(proxyMs)])
  const onAbort = (): void => void socket.destroy()
  limit.addEventListener('abort', onAbort)
  try {
    await greet(socket, proxy, name)
    await request(socket, to, name)
    return socket
  } catch (error) {
    socket.destroy()
    if (isImagoError(error)) throw error
    throw new ImagoError('NETWORK', `${name}: ${messageOf(error)}`, { cause: error })
  } finally {
    limit.removeEventListener('abort', onAbort)
  }
}

async function greet(socket: Socket, { user, password }: SshProxy, name: string): Promise<void> {
  socket.write(Buffer.from(user === undefined ? [5, 1, 0] : [5, 2, 0, 2]))
  const [version, method] = await read(socket, 2)
  if (version !== 5) throw new ImagoError('NETWORK', `${name} does not speak SOCKS5`)
  if (method === 0) return
  if (method !== 2 || user === undefined) {
    throw new ImagoError('AUTHENTICATION_FAILED', `${name} wants a login of another kind`, {
      hint: "give 'user' and 'password' of the proxy",
    })
  }
  const secret = reveal(password ?? '')
  socket.write(Buffer.concat([Buffer.from([1]), counted(user), counted(secret)]))
  const [, status] = await read(socket, 2)
  if (status !== 0) throw new ImagoError('AUTHENTICATION_FAILED', `${name} refuses the user '${user}'`)
}

async function request(socket: Socket, { host, port }: Address, name: string): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3]), counted(host), Buffer.from([port >> 8, port & 0xff])]))
  const [, status = 1, , kind] = await read(socket, 4)
  if (status !== 0) throw new ImagoError('NETWORK', `${name} does not connect to ${host}:${port}: ${refusals[status] ?? `code ${status}`}`)
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await read(socket, 1))[0]
  await read(socket, (length ?? 0) + 2) // the address that the proxy connects from
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Exactly so many bytes; what comes after them stays in the stream. */
async function read(socket: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = socket.read(size)
    if (chunk !== null && chunk.length === size) return chunk
    if (socket.destroyed || socket.readableEnded) throw new Error('it closed the connection')
    await Promise.race([once(socket, 'readable'), once(socket, 'close')])
  }
}
