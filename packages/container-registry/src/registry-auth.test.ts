import { text } from 'node:stream/consumers'

import { secret } from '@imago/core'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { FakeRegistryOptions } from '../test/fake-registry.ts'
import { addImage, FakeRegistry } from '../test/fake-registry.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { Registry } from './open-registry.ts'
import { openRegistry } from './open-registry.ts'

const daisy: RegistryCredentials = { username: 'daisy', password: secret('grass') }
const open = (fake: FakeRegistry, credentials?: RegistryCredentials): Registry =>
  openRegistry(`${fake.host}/cow:1.0`, { retryDelay: 1, ...(credentials !== undefined && { credentials }) })

const start = async (options: FakeRegistryOptions): Promise<FakeRegistry> => {
  const fake = await FakeRegistry.start(options)
  onTestFinished(() => fake.stop())
  return fake
}

describe('authentication', () => {
  it('fetches a token for everybody', async () => {
    const fake = await start({ auth: 'bearer' })
    addImage(fake, '1.0', { os: 'linux', architecture: 'amd64' })
    await open(fake).manifest()
    expect(fake.requests[1]?.url).toBe('/token?service=fake&scope=repository%3Acow%3Apull')
  })

  it('fetches one token for many requests', async () => {
    const fake = await start({ auth: 'bearer' })
    const blobs = Array.from({ length: 12 }, (_, index) => fake.addBlob(Buffer.from(`blob ${index}`)))
    const registry = open(fake)
    const contents = await Promise.all(blobs.map((blob) => text(registry.blob(blob))))
    expect(contents).toEqual(blobs.map((_, index) => `blob ${index}`))
    expect(fake.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1)
  })

  it('fetches a new token when the old one has expired', async () => {
    const fake = await start({ auth: 'bearer', tokenUses: 2 })
    const blob = fake.addBlob(Buffer.from('moo'))
    const registry = open(fake)
    for (let time = 0; time < 3; time++) expect(await text(registry.blob(blob))).toBe('moo')
    expect(fake.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(2)
  })

  it('fetches a token with a user name and a password', async () => {
    const fake = await start({ auth: 'bearer', user: 'daisy:grass' })
    addImage(fake, '1.0', { os: 'linux', architecture: 'amd64' })
    await expect(open(fake, daisy).manifest()).resolves.toBeDefined()
    await expect(open(fake, { username: 'daisy', password: 'hay' }).manifest()).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: `'http://${fake.host}' gives no token for 'cow': 401 (incorrect username or password)`,
      hint: 'check the name, and the user name and password',
    })
  })

  it('fetches a token with an identity token', async () => {
    const fake = await start({ auth: 'bearer', user: 'daisy:grass' })
    addImage(fake, '1.0', { os: 'linux', architecture: 'amd64' })
    await expect(open(fake, { identityToken: secret('identity-token') }).manifest()).resolves.toBeDefined()
    expect(fake.requests[1]).toMatchObject({ method: 'POST', url: '/token' })
  })

  it('shows a user name and a password to a registry without tokens', async () => {
    const fake = await start({ auth: 'basic', user: 'daisy:grass' })
    addImage(fake, '1.0', { os: 'linux', architecture: 'amd64' })
    await expect(open(fake, daisy).manifest()).resolves.toBeDefined()
    await expect(open(fake, { username: 'daisy', password: 'hay' }).manifest()).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: `registry '${fake.host}' refuses 'cow': 401 (authentication required)`,
    })
    await expect(open(fake).manifest()).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: `registry '${fake.host}' wants credentials for 'cow'`,
      hint: `check the name; if the image is not public, run 'docker login ${fake.host}'`,
    })
  })

  it('shows nothing to a realm that is not encrypted, unless the registry is not either', async () => {
    const fake = await start({ auth: 'bearer', realm: 'ftp://example.com/token' })
    await expect(open(fake, daisy).manifest()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })
})
