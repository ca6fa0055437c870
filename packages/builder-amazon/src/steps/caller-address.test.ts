import { afterEach, expect, test, vi } from 'vitest'

import { callerAddresses } from './caller-address.ts'

const { signal } = new AbortController()
const answer = (text: string, status = 200) => vi.stubGlobal('fetch', () => Promise.resolve(new Response(text, { status })))

afterEach(() => vi.unstubAllGlobals())

test('the address from which this machine reaches the internet, and nobody else', async () => {
  answer('192.0.2.7\n')
  expect(await callerAddresses('public-ip', undefined, signal)).toEqual(['192.0.2.7/32'])
  expect(await callerAddresses('public-dns', undefined, signal)).toEqual(['192.0.2.7/32'])
})

test("an instance may have a private address only: then it is this machine's own, too", async () => {
  answer('192.0.2.7')
  const [first, ...own] = await callerAddresses(undefined, undefined, signal)
  expect(first).toBe('192.0.2.7/32')
  expect(own.every((address) => /^\d+(?:\.\d+){3}\/32$/.test(address) && !address.startsWith('127.'))).toBe(true)
})

test('in a private network nobody is asked', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new Error('nobody is to be asked')))
  const none = ['a machine without a network/32']
  const addresses = await callerAddresses('private-ip', undefined, signal).catch(() => none)
  expect(addresses.every((address) => address.endsWith('/32'))).toBe(true)
})

test('what stands for AWS on this machine sees it at its own addresses', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new Error('nobody is to be asked')))
  for (const endpoint of ['http://127.0.0.1:4566', 'http://localhost:4566', 'http://[::1]:4566']) {
    expect((await callerAddresses(undefined, endpoint, signal))[0]).toBe('127.0.0.1/32')
  }
})

test('says what to do when nobody tells the address', async () => {
  answer('<html>no</html>', 503)
  await expect(callerAddresses(undefined, 'https://ec2.example.com', signal)).rejects.toMatchObject({
    code: 'NETWORK',
    message: "https://checkip.amazonaws.com/ does not tell this machine's address: it answers 503 '<html>no</html>'",
    hint: "say who may connect: network: { allowFrom: ['192.0.2.7/32'] }",
  })
})
