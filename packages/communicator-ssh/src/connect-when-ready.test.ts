import { ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { connectWhenReady } from './connect-when-ready.ts'
import type { Told } from './first-answer.ts'

const waiting = new ImagoError('NETWORK', 'an SSH server, which does not come to an end with the login')
const refused = new ImagoError('AUTHENTICATION_FAILED', 'root@host:22 refuses the login: tried publickey (key); the server offers password')

/** What a time-out says whose last attempts were these; the one after them hangs. */
async function causeAfter(...attempts: readonly ((told: Told) => void)[]): Promise<string> {
  let count = 0
  const route = {
    target: 'root@host:22',
    isRefusal: () => false,
    connect: async (signal: AbortSignal, told: Told): Promise<never> => {
      attempts[count++]?.(told)
      return await new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    },
  }
  const patience = { timeoutMs: 1100, loginAttempts: 9, signal: new AbortController().signal, code: 'TIMEOUT' } as const
  const error: unknown = await connectWhenReady(route, patience).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'TIMEOUT' })
  return (error as ImagoError).message // says the line above
}

test('a time-out names the login that was refused, and not that the next one was under way', async () => {
  const refuse = ({ onWait }: Told): never => {
    onWait(waiting)
    throw refused
  }
  expect(await causeAfter(refuse, ({ onWait }) => onWait(waiting))).toBe(`no SSH connection to root@host:22 after 1.1s: ${refused.message}`)
})

test('what went wrong after a refused login is the last cause', async () => {
  const refuse = (): never => {
    throw refused
  }
  const closed = new ImagoError('NETWORK', 'host:22: connection refused')
  expect(await causeAfter(refuse, ({ onFailure }) => onFailure(closed))).toMatch(/after 1\.1s: host:22: connection refused$/)
})
