import { secret } from '@imago/core'
import { fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { checkSudo } from './check-sudo.ts'

const check = async (answer: { readonly exitCode: number; readonly stderr?: string }): Promise<unknown> =>
  await checkSudo(true, provisionContext({ machine: fakeMachine().on(/exec true/, answer) }))

test('says why commands cannot run as root', async () => {
  await expect(check({ exitCode: 0 })).resolves.toBeUndefined()
  await expect(check({ exitCode: 127, stderr: 'sh: 1: exec: sudo: not found\n' })).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  await expect(check({ exitCode: 1, stderr: 'sudo: a password is required\n' })).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    message: "the machine's user may not run commands as root: sudo: a password is required",
    hint: expect.stringContaining('sudo: { password'),
  })
  await expect(check({ exitCode: 1 })).rejects.toThrow('exit code 1')
})

test('asks nothing without sudo, and gives the password on standard input', async () => {
  const machine = fakeMachine()
  await checkSudo(false, provisionContext({ machine }))
  expect(machine.commands).toEqual([])
  await checkSudo({ password: secret('opensesame') }, provisionContext({ machine }))
  expect(machine.commands[0]?.stdin).toMatch(/^opensesame\n/)
})
