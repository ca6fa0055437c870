import { setTimeout as delay } from 'node:timers/promises'

import type { Communicator } from '@imago/core'
import { ImagoError } from '@imago/core'
import { fakeMachine } from '@imago/testing'
import { expect, test } from 'vitest'

import { noMachine } from './no-machine.ts'
import { watchedMachine } from './watched-machine.ts'

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
  const machine = watchedMachine(fakeMachine(), new AbortController().signal)
  expect(await machine.exec('true')).toEqual({ exitCode: 0 })
  await machine.upload({ content: 'x' }, '/file')
  expect(await machine.stat('/file')).toEqual({ kind: 'file', size: 1 })
})

test('a connection that breaks because the machine is gone is told as that', async () => {
  const lost = new AbortController()
  const machine = watchedMachine(failing(new ImagoError('DISCONNECTED', 'the connection broke')), lost.signal)
  const running = machine.exec('poweroff').catch((error: unknown) => error)
  await delay(20)
  lost.abort(gone)
  expect(await running).toBe(gone)
})

test('a connection that breaks with a machine that goes on stays what it is', async () => {
  const broken = new ImagoError('DISCONNECTED', 'the connection broke')
  await expect(watchedMachine(failing(broken), new AbortController().signal).exec('true')).rejects.toBe(broken)
})

test('what hangs when the machine stops ends at once, and nothing begins afterwards', async () => {
  const lost = new AbortController()
  const hanging: Communicator = { ...noMachine, exec: () => new Promise(() => undefined) }
  const machine = watchedMachine(hanging, lost.signal)
  const running = machine.exec('sleep 1000').catch((error: unknown) => error)
  lost.abort(gone)
  expect(await running).toBe(gone)
  await expect(machine.upload({ content: 'x' }, '/x')).rejects.toBe(gone)
})

test('other errors pass, and the caller can cancel', async () => {
  const failed = new ImagoError('COMMAND_FAILED', 'no')
  await expect(watchedMachine(failing(failed), new AbortController().signal).exec('x')).rejects.toBe(failed)
  const broken = new ImagoError('DISCONNECTED', 'cancelled')
  const began = performance.now()
  await expect(watchedMachine(failing(broken), new AbortController().signal).exec('x', { signal: AbortSignal.abort() })).rejects.toBe(
    broken,
  )
  expect(performance.now() - began).toBeLessThan(1000)
})
