import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

import { provisionContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { winrmCommunicator } from '../src/winrm-communicator.ts'
import { connect, outcome, password, standIn } from './machines.ts'

test.for([
  [
    { subcode: 'AccessDenied', code: 5, text: 'Access is denied.' },
    {
      code: 'AUTHENTICATION_FAILED',
      message: 'the machine cannot run the command: Access is denied. (5)',
      hint: expect.stringContaining('Administrators'),
    },
  ],
  [
    { subcode: 'InternalError', code: 2_150_858_770, text: 'It <cannot> & will not.' },
    { code: 'PROVIDER_FAILED', message: 'the machine cannot run the command: It <cannot> & will not. (2150858770)' },
  ],
  [
    { subcode: 'InternalError', code: 1115, text: 'A system shutdown is in progress.' },
    { code: 'DISCONNECTED', message: 'the machine cannot run the command: A system shutdown is in progress. (1115)' },
  ],
] as const)('what WinRM says itself is told, and the next command goes on: %j', async ([fault, error]) => {
  const stand = await standIn()
  const machine = await connect(stand)
  stand.failNext('Command', fault)
  await expect(machine.exec('echo x')).rejects.toMatchObject(error)
  stand.failNext('Receive', fault)
  await expect(machine.exec('echo x')).rejects.toMatchObject({ code: error.code })
  expect((await outcome(machine, 'echo x')).stdout).toBe('x\r\n')
  await machine[Symbol.asyncDispose]()
  expect(stand.openShells).toBe(0)
})

test('that there was no output for a while is no fault', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  stand.failNext('Receive', { subcode: 'TimedOut', code: 2_150_858_793, text: 'Nothing within OperationTimeout.' })
  expect(await outcome(machine, 'echo x')).toEqual({ exitCode: 0, stdout: 'x\r\n', stderr: '' })
})

test('a machine that does not say what it is gets in, too', async () => {
  const stand = await standIn()
  stand.failNext('Identify', { subcode: 'ActionNotSupported', code: 0, text: 'What?' })
  expect((await outcome(await connect(stand), 'echo x')).stdout).toBe('x\r\n')
})

test('faults while a machine starts are said and waited out', async () => {
  const stand = await standIn()
  const ctx = provisionContext()
  stand.failNext('Create', { subcode: 'InternalError', code: 2_150_858_999, text: 'Not yet.' })
  await connect(stand, {}, ctx)
  expect(JSON.stringify(ctx.said.events)).toContain('not yet: cannot open a shell in the machine: Not yet. (2150858999)')
})

test('a port that takes a connection and never answers is no machine', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo // it listens at a port
  await expect(winrmCommunicator({ host: '127.0.0.1', port, password, timeout: 300 }, provisionContext())).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: `no WinRM connection to 127.0.0.1:${port} after 300ms: no answer`,
  })
})
