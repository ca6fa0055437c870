import { isImagoError } from '@imago/core'
import { fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { reboot } from './reboot.ts'

test('restarts a machine that can, with its options and the step’s signal', async () => {
  const asked: unknown[] = []
  const machine = Object.assign(fakeMachine(), { restart: (options: unknown) => Promise.resolve(void asked.push(options)) })
  const context = provisionContext({ machine })
  await reboot({ command: 'kexec', within: '2m', name: 'again', timeout: '3m' }).provision(context)
  expect(asked).toEqual([{ command: 'kexec', within: '2m', signal: context.signal }])
})
test('refuses a machine that cannot', async () => {
  await expect(reboot().provision(provisionContext())).rejects.toSatisfy((error) => isImagoError(error, 'UNSUPPORTED'))
})
test('checks its options', () => {
  expect(reboot({ within: '2m' }).validate?.()).toEqual([])
  expect(reboot({ command: '' }).validate?.()).toMatchObject([{ path: ['command'], message: 'must not be empty, not ""' }])
})
