import { isImagoError } from '@imago/core'
import { fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { reboot } from './reboot.ts'

test('restarts a machine that can, with its options', async () => {
  const machine = fakeMachine()
  await reboot({ command: 'kexec', within: '2m', name: 'again', timeout: '3m' }).provision(provisionContext({ machine }))
  expect(machine.records).toEqual([{ kind: 'restart', command: 'kexec', within: '2m' }])
})
test('ends with the step’s signal', async () => {
  const machine = fakeMachine().onRestart({ hang: true })
  const abort = new AbortController()
  const rebooting = reboot().provision(provisionContext({ machine, signal: abort.signal }))
  abort.abort()
  await expect(rebooting).rejects.toSatisfy((error) => isImagoError(error, 'CANCELLED'))
})
test('refuses a machine that cannot', async () => {
  const context = provisionContext({ machine: fakeMachine({ restarts: false }) })
  await expect(reboot().provision(context)).rejects.toSatisfy((error) => isImagoError(error, 'UNSUPPORTED'))
})
test('checks its options', () => {
  expect(reboot({ within: '2m' }).validate?.()).toEqual([])
  expect(reboot({ command: '' }).validate?.()).toMatchObject([{ path: ['command'], message: 'must not be empty, not ""' }])
})
