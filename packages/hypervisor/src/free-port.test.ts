import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

import { expect, onTestFinished, test } from 'vitest'

import { freePort } from './free-port.ts'

async function take(port: number): Promise<number> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port // it listens on TCP
}

test('a port of the range that is free, whatever is taken', async () => {
  const lowest = await neighbours()
  await take(lowest)
  await take(lowest + 1)
  expect(await freePort([lowest, lowest + 2])).toBe(lowest + 2)
  await take(lowest + 2)
  await expect(freePort([lowest, lowest + 2])).rejects.toMatchObject({
    code: 'NETWORK',
    message: `all ports from ${lowest} to ${lowest + 2} of 127.0.0.1 are taken`,
  })
})

test('any port, which can be used then', async () => {
  const port = await freePort()
  expect(await take(port)).toBe(port)
})

test('an address that is not this machine', async () => {
  await expect(freePort([20_000, 20_100], '192.0.2.1')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/^cannot listen on 192\.0\.2\.1, port 20\d\d\d: /),
  })
})

/** The first of three ports that are free. */
async function neighbours(): Promise<number> {
  for (;;) {
    const port = await freePort([20_000, 30_000])
    const others = await Promise.allSettled([freePort([port + 1, port + 1]), freePort([port + 2, port + 2])])
    if (others.every(({ status }) => status === 'fulfilled')) return port
  }
}
