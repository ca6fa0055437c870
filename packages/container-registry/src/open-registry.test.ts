import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

import { secret } from '@imago/core'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'

import type { Fault } from '../test/fake-registry.ts'
import { addImage, FakeRegistry, indexType, manifestType } from '../test/fake-registry.ts'
import type { OpenRegistryOptions, Registry } from './open-registry.ts'
import { openRegistry } from './open-registry.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }
const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_, response) => {
    response.writeHead(code, headers).end()
    return true
  }
/** Sends so many bytes of a whole answer, then breaks the connection. */
const breakAfter =
  (bytes: Buffer, sent: number): Fault =>
  (_, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, sent), () => setImmediate(() => response.destroy()))
    return true
  }

describe('openRegistry', () => {
  let fake: FakeRegistry
  const open = (tag = '1.0', options: OpenRegistryOptions = {}): Registry =>
    openRegistry(`${fake.host}/cow:${tag}`, { retryDelay: 1, ...options })

  beforeEach(async () => {
    fake = await FakeRegistry.start()
  })
  afterEach(() => fake.stop())

  it('reads the manifest, the configuration and the layers of an image', async () => {
    const { descriptor, layer } = addImage(fake, '1.0', amd64)
    const registry = open()
    const image = await registry.manifest()
    expect(image.descriptor).toEqual(descriptor)
    expect(image.config.config?.Cmd).toEqual(['sh'])
    const progress: unknown[] = []
    const [content = Buffer.alloc(0)] = await Promise.all(
      image.manifest.layers.map((blob) => buffer(registry.blob(blob, { onProgress: (at) => progress.push(at) }))),
    )
    expect(content.equals(layer)).toBe(true)
    expect(progress.at(-1)).toEqual({ bytes: layer.length, total: layer.length })
  })

  it('reads an image by its digest', async () => {
    const { descriptor } = addImage(fake, undefined, amd64)
    const registry = openRegistry(`${fake.host}/cow@${descriptor.digest}`)
    expect((await registry.manifest()).descriptor.digest).toBe(descriptor.digest)
  })

  describe('with several platforms', () => {
    beforeEach(() => {
      const manifests = [amd64, { os: 'linux', architecture: 'arm64', variant: 'v8' }].map((platform) => ({
        ...addImage(fake, undefined, platform).descriptor,
        platform,
      }))
      const attestation = { ...fake.addManifest({}, manifestType), platform: { os: 'unknown', architecture: 'unknown' } }
      fake.addManifest({ schemaVersion: 2, manifests: [...manifests, attestation] }, indexType, '1.0')
    })

    it('takes the one that is asked for', async () => {
      for (const platform of ['linux/arm64', 'linux/arm64/v8']) {
        expect((await open().manifest({ platform })).config.architecture).toBe('arm64')
      }
      expect((await open().manifest({ platform: 'linux/amd64' })).config.architecture).toBe('amd64')
    })

    it('lists what there is when none fits', async () => {
      await expect(open().manifest({ platform: 'linux/s390x' })).rejects.toMatchObject({
        code: 'IMAGE_NOT_FOUND',
        message: `image '${fake.host}/cow:1.0' does not exist for linux/s390x`,
        hint: 'it exists for linux/amd64, linux/arm64/v8',
      })
    })

    it('refuses what is no platform', async () => {
      await expect(open().manifest({ platform: 'arm64' })).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    })
  })

  it('refuses an image for one other platform only when a platform was asked for', async () => {
    addImage(fake, '1.0', { os: 'linux', architecture: 's390x' })
    expect((await open().manifest()).config.architecture).toBe('s390x')
    await expect(open().manifest({ platform: 'linux/amd64' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      hint: 'it exists for linux/s390x',
    })
  })

  it('says that there is no such image', async () => {
    await expect(open('2.0').manifest()).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `registry '${fake.host}' has no manifest '2.0' of 'cow' (manifest unknown)`,
    })
  })

  it('refuses old formats and malformed documents', async () => {
    fake.addManifest({ schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'old')
    await expect(open('old').manifest()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    fake.addManifest({ schemaVersion: 2, config: { digest: 'sha256:1' }, layers: [] }, manifestType, 'bad')
    await expect(open('bad').manifest()).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
  })

  it('refuses a manifest that has another digest than announced', async () => {
    addImage(fake, '1.0', amd64)
    fake.fail((_, response) => {
      response.writeHead(200, { 'content-type': manifestType, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end('{}')
      return true
    })
    await expect(open().manifest()).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
  })

  it('refuses a blob that was changed, is too short or too long', async () => {
    const blob = fake.addBlob(Buffer.from('moo'))
    const answer =
      (text: string): Fault =>
      (_, response) => {
        response.end(text)
        return true
      }
    fake.fail(answer('boo'))
    await expect(buffer(open().blob(blob))).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    fake.fail(answer('mooo'))
    await expect(buffer(open().blob(blob))).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    fake.fail(answer('m'))
    await expect(buffer(open('1.0', { retries: 0 }).blob(blob))).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
  })

  describe('retries', () => {
    it('tries again when the registry is busy', async () => {
      addImage(fake, '1.0', amd64)
      fake.fail(status(503), status(429), (request) => {
        request.socket.destroy()
        return true
      })
      await expect(open().manifest()).resolves.toBeDefined()
    })

    it('gives up in the end', async () => {
      fake.fail(status(503), status(503), status(503))
      await expect(open('1.0', { retries: 2 }).manifest()).rejects.toMatchObject({
        code: 'NETWORK',
        message: `registry '${fake.host}' answers with 503 to 'manifests/1.0' of 'cow'`,
      })
      expect(fake.requests).toHaveLength(3)
    })

    it('goes on with a download where it broke', async () => {
      const content = Buffer.from('moo '.repeat(100_000))
      const blob = fake.addBlob(content)
      fake.fail(breakAfter(content, 100_000), (request, response) => {
        response
          .writeHead(206)
          .write(content.subarray(Number(/\d+/.exec(request.headers.range ?? '')?.[0]), 200_000), () =>
            setImmediate(() => response.destroy()),
          )
        return true
      })
      expect((await buffer(open().blob(blob))).equals(content)).toBe(true)
      expect(fake.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
    })

    it('skips what it has when the registry starts over', async () => {
      const content = Buffer.from('moo '.repeat(100_000))
      const blob = fake.addBlob(content)
      fake.fail(breakAfter(content, 100_000), (_, response) => {
        response.end(content)
        return true
      })
      expect((await buffer(open().blob(blob))).equals(content)).toBe(true)
    })

    it('gives up a download that never gets on', async () => {
      const content = Buffer.from('moo '.repeat(1000))
      const blob = fake.addBlob(content)
      fake.fail(breakAfter(content, 10), breakAfter(content, 10), breakAfter(content, 10))
      await expect(buffer(open('1.0', { retries: 2 }).blob(blob))).rejects.toMatchObject({ code: 'NETWORK' })
    })

    it('names the registry that cannot be reached', async () => {
      const { host } = fake
      await fake.stop()
      await expect(openRegistry(`${host}/cow`, { retries: 0 }).manifest()).rejects.toMatchObject({
        code: 'NETWORK',
        message: expect.stringMatching(/^cannot read from registry '127\.0\.0\.1:\d+': .*ECONNREFUSED/),
      })
      fake = await FakeRegistry.start()
    })
  })

  it('is spoken to without encryption on this machine, elsewhere only when that is asked for', async () => {
    const { descriptor } = addImage(fake, '1.0', amd64)
    const elsewhere = `${fake.host.replace('127.0.0.1', '0.0.0.0')}/cow:1.0` // which is this machine, but is not called so
    await expect(open('1.0', { insecure: false, retries: 0 }).manifest()).rejects.toMatchObject({ code: 'NETWORK' })
    await expect(openRegistry(elsewhere, { retries: 0 }).manifest()).rejects.toMatchObject({ code: 'NETWORK' })
    expect((await openRegistry(elsewhere, { insecure: true, retries: 0 }).manifest()).descriptor).toEqual(descriptor)
  })

  it('ends when the signal says so', async () => {
    const blob = fake.addBlob(Buffer.from('moo'))
    const controller = new AbortController()
    fake.fail(() => {
      controller.abort()
      return true
    })
    await expect(buffer(open('1.0', { signal: controller.signal }).blob(blob))).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(open().manifest({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('ends a download that nobody wants any more', async () => {
    const content = Buffer.alloc(1_000_000)
    const blob = fake.addBlob(content)
    const hungUp = new Promise((resolve) => {
      fake.fail((request, response) => {
        request.socket.once('close', resolve)
        response.writeHead(200).write(content.subarray(0, 1000)) // and no more
        return true
      })
    })
    const stream = open().blob(blob)
    await once(stream, 'readable')
    stream.destroy()
    await hungUp
    expect(fake.requests).toHaveLength(1)
  })

  it('does not hand its authorization to another host', async () => {
    const locked = await FakeRegistry.start({ auth: 'basic', user: 'daisy:grass' })
    onTestFinished(() => locked.stop())
    const blob = locked.addBlob(Buffer.from('moo'))
    const seen: (string | undefined)[] = []
    const storage = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('moo')
    }).listen(0, '127.0.0.2')
    await once(storage, 'listening')
    onTestFinished(() => {
      storage.closeAllConnections()
      storage.close()
    })
    const { port } = storage.address() as AddressInfo // a TCP server's address is one
    const redirect = status(307, { location: `http://127.0.0.2:${port}/elsewhere` })
    locked.fail(() => false, redirect)
    const registry = openRegistry(`${locked.host}/cow`, { credentials: { username: 'daisy', password: secret('grass') } })
    expect((await buffer(registry.blob(blob))).toString()).toBe('moo')
    expect(locked.requests.map(({ authorization }) => authorization)).toEqual([undefined, expect.stringMatching(/^Basic /)])
    expect(seen).toEqual([undefined])
  })

  it('does not go in circles', async () => {
    fake.fail(...Array.from({ length: 6 }, () => status(302, { location: '/v2/cow/manifests/1.0' })))
    await expect(open().manifest()).rejects.toMatchObject({ code: 'NETWORK' })
  })
})
