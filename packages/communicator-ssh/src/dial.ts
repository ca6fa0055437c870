import type { Socket } from 'node:net'
import { connect } from 'node:net'

import { abortError, ImagoError, messageOf, systemCode, timeLimit } from '@imago/core'

import type { Address } from './connection.ts'

/** How long to wait for an answer to the request for a TCP connection, in milliseconds. */
const connectMs = 15_000

/** How to open a TCP connection. */
export interface DialOptions {
  /** @default either */
  readonly ipVersion?: 4 | 6
  readonly signal: AbortSignal
}

/**
 * Opens a TCP connection that sends without delay.
 * @throws ImagoError `NETWORK`, with the cause in words: "connection refused", "the name does not resolve".
 */
export async function dialTcp({ host, port }: Address, { ipVersion, signal }: DialOptions): Promise<Socket> {
  if (signal.aborted) throw abortError(signal)
  const limit = AbortSignal.any([signal, timeLimit(connectMs)])
  const socket = connect({ host, port, noDelay: true, ...(ipVersion !== undefined && { family: ipVersion }) })
  const onAbort = (): void => void socket.destroy(new Error('no answer to the request for a connection'))
  limit.addEventListener('abort', onAbort)
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.on('error', () => undefined) // a broken connection is told by its end
    return socket
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    throw new ImagoError('NETWORK', `${host}:${port}: ${describe(error)}`, { cause: error })
  } finally {
    limit.removeEventListener('abort', onAbort)
  }
}

function describe(error: unknown): string {
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return 'connection refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return 'the name does not resolve'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to the host'
    case 'ETIMEDOUT':
      return 'no answer to the request for a connection'
    case 'ECONNRESET':
      return 'the connection was reset'
    default:
      return messageOf(error)
  }
}
