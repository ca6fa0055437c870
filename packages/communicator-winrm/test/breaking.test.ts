import { once } from 'node:events'

import { expect, test } from 'vitest'

import { connect, outcome, standIn } from './machines.ts'

test.for(['basic', 'ntlm'] as const)('a connection that breaks fails what runs, and the next command connects again (%s)', async (auth) => {
  const stand = await standIn()
  const machine = await connect(stand, { auth })
  stand.on(/^hang$/, async (job) => {
    job.write('stdout', 'begun')
    await once(job.signal, 'abort')
    return 0
  })
  const running = machine.exec('hang', { onOutput: () => stand.breakConnections() })
  await expect(running).rejects.toMatchObject({
    code: 'DISCONNECTED',
    message: expect.stringContaining('the connection to the machine broke'),
  })
  expect((await outcome(machine, 'echo x')).stdout).toBe('x\r\n')
  await expect.poll(() => stand.openShells).toBe(1)
})

test('shells that have outlived a connection are ended when there is the next, with what runs in them', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  let isEnded = false
  stand.on(/^break$/, async (job) => {
    stand.breakConnections()
    await once(job.signal, 'abort')
    isEnded = true
    return 0
  })
  await machine.exec('echo x', { env: { A: 'a' } })
  await expect(machine.exec('break')).rejects.toMatchObject({ code: 'DISCONNECTED' })
  expect(stand.openShells).toBe(2)
  await machine.exec('echo x')
  await expect.poll(() => stand.openShells).toBe(1)
  expect(isEnded).toBe(true)
})

test('a shell that the machine has ended meanwhile is followed by another', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await machine.exec('echo x')
  stand.endShells()
  expect((await outcome(machine, 'echo z')).stdout).toBe('z\r\n')
})

test('a machine that was started anew while nothing was to be done is waited for', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await machine.exec('echo x')
  const restarted = stand.restart(700)
  await new Promise((resolve) => setTimeout(resolve, 600)) // it does not look before half a second has gone
  expect((await outcome(machine, 'echo z')).stdout).toBe('z\r\n')
  await restarted
})

test('restart comes back when the machine has started anew', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await machine.exec('echo x')
  await machine.restart?.({ within: '30s' })
  expect(stand.restarts).toBe(1)
  expect((await outcome(machine, 'echo x')).stdout).toBe('x\r\n')
})

test('a restart that does not happen, and one that fails, are told', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  stand.on(/^sleep$/, () => 0)
  await expect(machine.restart?.({ command: 'sleep', within: 1500 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: `127.0.0.1:${stand.port} has not restarted within 1.5s`,
  })
  await expect(machine.restart?.({ command: 'echo no & exit 5' })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    exitCode: 5,
    message: `the command that restarts 127.0.0.1:${stand.port} ended with 5: no`,
  })
  await expect(machine.restart?.({ bootId: 'exit 1' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

test('a machine that does not come back is lost', async () => {
  const stand = await standIn()
  const machine = await connect(stand, { timeout: 1500 })
  await stand[Symbol.asyncDispose]()
  await expect(machine.exec('echo x')).rejects.toMatchObject({ code: 'DISCONNECTED' })
  await expect(machine.exec('echo x')).rejects.toMatchObject({ code: 'MACHINE_LOST' })
})
