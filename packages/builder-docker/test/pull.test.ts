import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { secret } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { packContent } from '@imago/tar'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { DockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { startDockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { docker } from '../src/index.ts'
import { findEngine, rejection, runBuild, uniqueName } from './real-engine.ts'

const { reason: noEngine } = await findEngine()
const skipped = noEngine === undefined ? reasonToSkip({ registry: 'docker-registry --version' }) : ` (skipped: ${noEngine})`
const discard = { type: 'discard' } as const

describe.skipIf(skipped !== '')(`pull, from a registry with a login${skipped}`, () => {
  let engine: Engine
  let registry: DockerRegistry
  let config = ''
  let image = ''

  beforeAll(async () => {
    engine = await connectEngine()
    registry = await startDockerRegistry({ login: true })
    config = await mkdtemp(join(tmpdir(), 'imago-pull-'))
    vi.stubEnv('DOCKER_CONFIG', config)
    image = `${registry.host}/${uniqueName()}:1`
    const [repository = '', tag = ''] = split(image)
    await importSmallImage(engine, { repository, tag })
    await engine.images.push({ repository, tag }, { login: { username: 'daisy', password: 'grass-and-clover' } })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await engine.images.remove(image, { force: true })
    engine.close()
    await registry.stop()
    await rm(config, { recursive: true })
  })

  async function forget(): Promise<void> {
    await engine.images.remove(image)
  }

  test('without credentials it is refused', async () => {
    await forget()
    const error = await rejection(runBuild(docker({ image, result: discard })))
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', message: expect.stringContaining(image), hint: expect.any(String) })
  })

  test('with wrong credentials it is refused', async () => {
    const login = { username: 'daisy', password: secret('hay-and-straw') }
    expect(await rejection(runBuild(docker({ image, login, result: discard })))).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })

  test('with what docker login left it succeeds, says how far it is, and hides the password', async () => {
    const auth = Buffer.from('daisy:grass-and-clover').toString('base64')
    await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
    const { context } = await runBuild(docker({ image, result: discard }))
    expect(context.steps.map(({ id }) => id)).toEqual(['pull', 'container'])
    expect(context.said.secrets).toEqual(['grass-and-clover'])
    const progress = context.said.events.filter(({ type }) => type === 'progress')
    expect(progress.at(-1)).toMatchObject({ task: `pull ${image}`, unit: 'bytes', done: expect.any(Number) })
  })

  test('with a credential helper that the definition names it succeeds too', async () => {
    await forget()
    const script = `#!/bin/sh\nread server; echo "{\\"Username\\":\\"daisy\\",\\"Secret\\":\\"$MEADOW\\"}"\n`
    await writeFile(join(config, 'docker-credential-meadow'), script, { mode: 0o755 })
    vi.stubEnv('PATH', `${config}${delimiter}${process.env['PATH']}`)
    const login = { helper: 'meadow', env: { MEADOW: secret('grass-and-clover') } }
    const { context } = await runBuild(docker({ image, login, result: discard }))
    expect(context.steps.map(({ id }) => id)).toEqual(['pull', 'container'])
  })

  test('what is there is not fetched, unless it shall always be', async () => {
    const steps = async (pull?: 'always' | 'missing' | 'never'): Promise<readonly string[]> => {
      const { context } = await runBuild(docker({ image, result: discard, ...(pull !== undefined && { pull }) }))
      return context.steps.map(({ id }) => id)
    }
    expect(await steps()).toEqual(['container'])
    expect(await steps('never')).toEqual(['container'])
    expect(await steps('always')).toEqual(['pull', 'container'])
  })

  test('what shall always be the newest is known beforehand while the registry has no newer one', async () => {
    const artifact = (): never => expect.fail('the options name no other build')
    const lookup = { directory: '/', cacheDirectory: '/', signal: new AbortController().signal, artifact }
    const base = async (pull: 'always' | 'never'): Promise<object | undefined> => await docker({ image, pull }).base?.(lookup)
    expect(await base('never')).toMatchObject({ image: expect.stringMatching(/^sha256:/) })
    expect(await base('always')).toEqual(await base('never'))
    const [repository = '', tag = ''] = split(image)
    const { id = '', digests } = (await engine.images.inspect(image)) ?? {}
    expect(await docker({ image, platform: 'linux/s390x' }).base?.(lookup)).toBeUndefined()
    expect(await docker({ image: id, platform: 'linux/s390x' }).base?.(lookup)).toBeDefined() // an id names one image only
    const login = { username: 'daisy', password: 'grass-and-clover' }
    expect(digests).toEqual([`${repository}@${await engine.images.registryDigest(image, { login })}`])
    await importSmallImage(engine, { repository: `${repository}-newer`, tag })
    await engine.images.tag(`${repository}-newer:${tag}`, { repository, tag })
    await engine.images.push({ repository, tag }, { login })
    await engine.images.tag(digests?.[0] ?? '', { repository, tag })
    expect(await base('always')).toBeUndefined()
    expect(await base('never')).toBeDefined()
    await engine.images.remove(`${repository}-newer:${tag}`)
  })

  test('a tag that the registry does not have is reported', async () => {
    const missing = image.replace(/1$/, '2')
    const error = await rejection(runBuild(docker({ image: missing, result: discard })))
    expect(error).toMatchObject({ code: 'IMAGE_NOT_FOUND', message: expect.stringContaining(missing) })
  })

  test('a platform that the image is not made for is reported', async () => {
    const error = await rejection(runBuild(docker({ image, platform: 'linux/s390x', result: discard })))
    expect(error).toMatchObject({ code: expect.stringMatching(/IMAGE_NOT_FOUND|UNSUPPORTED|PROVIDER_FAILED/) })
  })
})

function split(image: string): readonly string[] {
  const colon = image.lastIndexOf(':')
  return [image.slice(0, colon), image.slice(colon + 1)]
}

/** An image of one layer of 3 MB that does not compress, without a shell. */
async function importSmallImage(engine: Engine, name: { readonly repository: string; readonly tag: string }): Promise<void> {
  await engine.images.import(packContent('data', randomBytes(3 << 20)), { name })
}
