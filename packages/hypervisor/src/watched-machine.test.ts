import { setTimeout as delay } from 'node:timers/promises'

import type { Communicator } from '@imago/core'
import { ImagoError, noMachine } from '@imago/core'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { Fate } from './watched-machine.ts'
import { watchedMachine } from './watched-machine.ts'

const going = (): Fate => fateOf(new AbortController().signal)
const fateOf = (lost: AbortSignal): Fate => ({ lost, onRestart: () => () => undefined })
const gone = new ImagoError('MACHINE_LOST', 'the machine went off')

function failing(cause: Error): Communicator {
  return {
    ...noMachine,
    exec: async () => {
      throw cause
    },
  }
}

test('hands everything on', async () => {
  const calls: unknown[] = []
  const connection = { kind: 'docker', container: '42', engine: 'unix:///run/docker.sock', user: '' } as const
  const inner: Communicator = {
    ...noMachine,
    platform: 'windows',
    connection,
    exec: async (command) => ({ exitCode: calls.push(command) - 1 }),
    upload: async (...given) => void calls.push(given.slice(0, 2)),
    stat: async () => ({ kind: 'file', size: 1 }),
    expectDisconnect: () => void calls.push('expect'),
  }
  const machine = watchedMachine(inner, going())
  expect(await machine.exec('true')).toEqual({ exitCode: 0 })
  await machine.upload({ content: 'x' }, '/file')
  expect(await machine.stat('/file')).toEqual({ kind: 'file', size: 1 })
  machine.expectDisconnect?.()
  expect(calls).toEqual(['true', [{ content: 'x' }, '/file'], 'expect'])
  expect(watchedMachine(noMachine, going())).not.toHaveProperty('expectDisconnect')
  expect(machine.connection).toBe(connection)
  expect(machine.platform).toBe('windows')
})

test('a connection that breaks because the machine is gone is told as that', async () => {
  const lost = new AbortController()
  const machine = watchedMachine(failing(new ImagoError('DISCONNECTED', 'the connection broke')), fateOf(lost.signal))
  const running = machine.exec('poweroff').catch((error: unknown) => error)
  await delay(20)
  lost.abort(gone)
  expect(await running).toBe(gone)
})

test('a connection that breaks because the machine restarts stays what it is, at once', async () => {
  const broken = new ImagoError('DISCONNECTED', 'the connection broke')
  const began = performance.now()
  const fate: Fate = { lost: new AbortController().signal, onRestart: (listener) => (setTimeout(listener, 10), () => undefined) }
  await expect(watchedMachine(failing(broken), fate).exec('reboot')).rejects.toBe(broken)
  expect(performance.now() - began).toBeLessThan(5000)
})

test('a connection that breaks with a machine that goes on stays what it is, after a while', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const broken = new ImagoError('DISCONNECTED', 'the connection broke')
  const running = watchedMachine(failing(broken), going())
    .exec('true')
    .catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await running).toBe(broken)
})

test('what hangs when the machine stops ends at once, and nothing begins afterwards', async () => {
  const lost = new AbortController()
  const hanging: Communicator = { ...noMachine, exec: () => new Promise(() => undefined) }
  const machine = watchedMachine(hanging, fateOf(lost.signal))
  const running = machine.exec('sleep 1000').catch((error: unknown) => error)
  lost.abort(gone)
  expect(await running).toBe(gone)
  await expect(machine.upload({ content: 'x' }, '/x')).rejects.toBe(gone)
})

test('other errors pass, and the caller can cancel', async () => {
  const failed = new ImagoError('COMMAND_FAILED', 'no')
  await expect(watchedMachine(failing(failed), going()).exec('x')).rejects.toBe(failed)
  const broken = new ImagoError('DISCONNECTED', 'cancelled')
  const began = performance.now()
  await expect(watchedMachine(failing(broken), going()).exec('x', { signal: AbortSignal.abort() })).rejects.toBe(broken)
  expect(performance.now() - began).toBeLessThan(1000)
})
