import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

import { buildContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { connectMachine } from './connect-machine.ts'
import type { RunningMachine } from './running-machine.ts'

test('a guest with an address of its own is reached there, and QEMU is asked for no port', async () => {
  const called = new AbortController()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    called.abort()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens
  const machine = { forwardedPort: () => Promise.reject(new Error('QEMU was asked')) } as Partial<RunningMachine> as RunningMachine // no more of it is used
  const options = { diskSize: '1g', result: { format: 'none' }, ssh: { host: '127.0.0.1', port, password: 'word' } } as const
  try {
    const connecting = connectMachine(machine, options, { ctx: buildContext(), keys: undefined, signal: called.signal })
    await expect(connecting).rejects.toMatchObject({ code: 'CANCELLED' })
  } finally {
    server.close()
  }
})
