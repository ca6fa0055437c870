import { expect, test } from 'vitest'

import type { Communicator } from './communicator.ts'
import { noMachine } from './no-machine.ts'
import { watchProcesses } from './process-watch.ts'

const { signal } = new AbortController()

/** A machine that counts as told. */
function counting(...counts: readonly number[]): Communicator {
  const left = [...counts]
  return {
    ...noMachine,
    exec: async (_command, options) => {
      options?.onOutput?.('stdout', Buffer.from(`${left.shift() ?? 0}\n`))
      return { exitCode: 0 }
    },
  }
}

test('a machine is quiet that has no more processes than before, at once or soon', async () => {
  expect(await (await watchProcesses(counting(9, 9), signal))(signal)).toBe(true)
  expect(await (await watchProcesses(counting(9, 12, 10, 9), signal))(signal)).toBe(true)
  expect(await (await watchProcesses(counting(9, 10, 10, 10, 10, 10), signal))(signal)).toBe(false)
})

test('of a machine without commands nothing is left; of Windows nobody can tell, and it is not asked', async () => {
  expect(await (await watchProcesses(noMachine, signal))(signal)).toBe(true)
  const windows: Communicator = { ...counting(9, 9), platform: 'windows', exec: () => Promise.reject(new Error('not to be asked')) }
  expect(await (await watchProcesses(windows, signal))(signal)).toBe(false)
})
