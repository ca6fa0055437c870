import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

import { buildContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { connectMachine } from './connect-machine.ts'
import type { RunningMachine } from './running-machine.ts'

/** Answers nobody, and says when somebody asks. */
async function silentServer() {
  const called = new AbortController()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    called.abort()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo // it listens
  return { port, signal: called.signal }
}

function machineWith(forwardedPort: RunningMachine['forwardedPort']): RunningMachine {
  return { forwardedPort } as Partial<RunningMachine> as RunningMachine // no more of it is used
}

const least = { diskSize: '1g', result: { format: 'none' } } as const

test('a guest with an address of its own is reached there, and QEMU is asked for no port', async () => {
  const { port, signal } = await silentServer()
  const machine = machineWith(() => Promise.reject(new Error('QEMU was asked')))
  const place = { host: '127.0.0.1', port, password: 'word' }
  for (const options of [
    { ...least, ssh: place },
    { ...least, winrm: place },
  ]) {
    const connecting = connectMachine(machine, options, { ctx: buildContext(), keys: undefined, signal })
    await expect(connecting).rejects.toMatchObject({ code: 'CANCELLED' })
  }
})

test('a guest that runs Windows is reached at the port that leads to its WinRM', async () => {
  const { port, signal } = await silentServer()
  const asked: number[] = []
  const machine = machineWith((guest) => {
    asked.push(guest)
    return Promise.resolve(port)
  })
  const ctx = buildContext()
  const options = { ...least, winrm: { user: 'vagrant', password: 'word', tls: true } }
  await expect(connectMachine(machine, options, { ctx, keys: undefined, signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(asked).toEqual([5986])
  expect(ctx.steps).toEqual([{ id: 'connect', title: `connect to vagrant@127.0.0.1:${port}` }])
})
