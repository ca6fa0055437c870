import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { FakeHost } from '../test/fake-host.ts'
import { fakeHost } from '../test/fake-host.ts'
import type { Interruption } from './signals.ts'
import { interruptible } from './signals.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start(): { host: FakeHost; interruption: Interruption; said: string[] } {
  const host = fakeHost()
  const said: string[] = []
  const interruption = interruptible(host, { onCancel: (message) => said.push(message), onExit: (message) => said.push(message) })
  return { host, interruption, said }
}

test('the first signal cancels, the second one exits at once', () => {
  const { host, interruption, said } = start()
  host.send('SIGINT')
  expect(interruption.signal.reason).toMatchObject({ code: 'CANCELLED', message: 'cancelled by SIGINT' })
  expect(interruption.received).toBe('SIGINT')
  expect(host.exits).toEqual([])
  vi.advanceTimersByTime(400)
  host.send('SIGINT')
  expect(host.exits).toEqual([130])
  expect(said).toEqual(['cancelling; press Ctrl-C again to exit at once', "exited at once; 'imago sweep' removes what is left"])
})

test('a Ctrl-C that npx sends on once more is one Ctrl-C', () => {
  const { host, said } = start()
  host.send('SIGINT')
  vi.advanceTimersByTime(5)
  host.send('SIGINT')
  expect(host.exits).toEqual([])
  expect(said).toHaveLength(1)
})

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends with %i when it comes second', (signal, code) => {
  const { host } = start()
  host.send('SIGINT')
  host.send(signal)
  expect(host.exits).toEqual([code])
})

test('the key Ctrl-C does what the signal does', () => {
  const { interruption } = start()
  interruption.interrupt()
  expect(interruption.received).toBe('SIGINT')
})

test('an error that nobody waits for cancels, too', () => {
  const { host, interruption, said } = start()
  host.crash(new Error('a stray error'))
  expect(interruption.signal.reason).toMatchObject({ code: 'CANCELLED', message: 'a stray error' })
  expect(interruption.received).toBeUndefined()
  expect(said[0]).toMatch(/^a stray error, and nobody was waiting for it; cancelling\nError: a stray error\n {4}at /)
})

test('listens no longer than the run takes', () => {
  const { host, interruption } = start()
  interruption[Symbol.dispose]()
  expect(host.send('SIGINT')).toBe(false)
  expect(interruption.signal.aborted).toBe(false)
})
