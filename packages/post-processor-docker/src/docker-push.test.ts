import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import type { DockerImageArtifact } from '@imago/core'
import { ImagoError, secret } from '@imago/core'
import type { RegistryCredentials } from '@imago/container-registry'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { details, fakeEngine } from '../test/fake-engine.ts'
import type { DockerPushOptions } from './docker-push.ts'
import { dockerPush, pushImage } from './docker-push.ts'

const image = (...tags: readonly string[]): DockerImageArtifact => ({
  type: 'docker-image',
  id: 'sha256:cow',
  imageId: 'sha256:cow',
  size: 3,
  tags,
  digests: [],
  engine: 'unix:///fake.sock',
})

describe('pushImage', () => {
  beforeEach(() => {
    vi.stubEnv('DOCKER_CONFIG', '/nowhere') // there are no credentials on this machine
    vi.stubEnv('XDG_CONFIG_HOME', '/nowhere')
    vi.stubEnv('XDG_RUNTIME_DIR', undefined)
    vi.stubEnv('REGISTRY_AUTH_FILE', undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('pushes each name once, with progress, and takes the digests', async () => {
    const pushed: unknown[] = []
    const engine = fakeEngine({
      inspect: async () => details('sha256:cow'),
      push: async ({ repository, tag }, { onProgress } = {}) => {
        pushed.push(`${repository}:${tag}`)
        onProgress?.({ bytes: 2, total: 4 })
        onProgress?.({ bytes: 4, total: 4 })
        return { digest: 'sha256:moo' }
      },
    })
    const ctx = postProcessContext()
    const result = await pushImage(engine, image('localhost:5000/cow:1.0', 'localhost:5000/cow:latest', 'localhost:5000/cow:1.0'), {}, ctx)
    expect(pushed).toEqual(['localhost:5000/cow:1.0', 'localhost:5000/cow:latest'])
    expect(result.digests).toEqual(['localhost:5000/cow@sha256:moo'])
    expect(ctx.said.events).toContainEqual({ type: 'progress', task: 'push localhost:5000/cow:1.0', done: 4, total: 4, unit: 'bytes' })
    expect(ctx.said.events).toContainEqual({ type: 'message', level: 'info', text: 'pushed localhost:5000/cow:latest (sha256:moo)' })
  })

  it('stops the others when one fails, and waits for them', async () => {
    let stopped = false
    const engine = fakeEngine({
      inspect: async () => details('sha256:cow'),
      push: async ({ repository }, { signal } = {}) => {
        if (repository === 'a') throw new ImagoError('NETWORK', 'the registry is gone')
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        stopped = true
        throw new ImagoError('CANCELLED', 'cancelled')
      },
    })
    await expect(pushImage(engine, image('b:1', 'a:1'), {}, postProcessContext())).rejects.toMatchObject({ code: 'NETWORK' })
    expect(stopped).toBe(true)
  })

  it('pushes no name that is that of another image', async () => {
    const engine = fakeEngine({ inspect: async (name) => details(name === 'cow:1' ? 'sha256:goat' : 'sha256:cow') })
    await expect(pushImage(engine, image('cow:1', 'cow:2'), {}, postProcessContext())).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: "'cow:1' is no name of image 'sha256:cow' any more",
    })
  })

  it('refuses an image without a name', async () => {
    await expect(pushImage(fakeEngine({}), image(), {}, postProcessContext())).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "image 'sha256:cow' has no name to push",
    })
  })

  describe('with a login', () => {
    const shown = new Map<string, RegistryCredentials | undefined>()
    const engine = fakeEngine({
      inspect: async () => details('sha256:cow'),
      push: async ({ repository }, { login } = {}) => {
        shown.set(repository, login)
        return { digest: undefined }
      },
    })
    const login = { username: 'daisy', password: secret('clover') }
    const push = (names: readonly string[], options: DockerPushOptions): Promise<unknown> => {
      shown.clear()
      return pushImage(engine, image(...names), options, postProcessContext())
    }

    it('shows it to the registry it is for, and masks it', async () => {
      const ctx = postProcessContext()
      await pushImage(engine, image('localhost:5000/cow:1'), { login }, ctx)
      expect(shown.get('localhost:5000/cow')).toEqual(login)
      expect(ctx.said.secrets).toEqual(['clover'])
      await push(['localhost:5000/cow:1', 'ghcr.io/farm/cow:1'], { login: { ...login, registry: 'ghcr.io' } })
      expect([...shown.entries()]).toEqual([
        ['localhost:5000/cow', undefined],
        ['ghcr.io/farm/cow', login],
      ])
    })

    it('shows it to nobody when it is not clear whom it is for', async () => {
      await expect(push(['localhost:5000/cow:1', 'ghcr.io/farm/cow:1'], { login })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      await expect(push(['localhost:5000/cow:1'], { login: { ...login, registry: 'ghcr.io' } })).rejects.toMatchObject({
        message: 'the login is for ghcr.io, and the image goes to localhost:5000',
      })
      expect(shown.size).toBe(0)
    })
  })

  it('asks a credential helper for the registry that the image goes to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imago-push-'))
    const answer = '{"Username":"AWS","Secret":"clover"}'
    const script = `#!/bin/sh\nread server\n[ "$server" = farm.dkr.ecr.eu-west-1.amazonaws.com ] && [ "$AWS_PROFILE" = build ] && echo '${answer}'\n`
    await writeFile(join(folder, 'docker-credential-ecr-login'), script, { mode: 0o755 })
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`)
    try {
      const ctx = postProcessContext()
      let shown: RegistryCredentials | undefined
      const engine = fakeEngine({
        inspect: async () => details('sha256:cow'),
        push: async (_, { login } = {}) => {
          shown = login
          return { digest: undefined }
        },
      })
      const login = { helper: 'ecr-login', env: { AWS_PROFILE: 'build' } }
      await pushImage(engine, image('farm.dkr.ecr.eu-west-1.amazonaws.com/cow:1'), { login }, ctx)
      expect(shown).toMatchObject({ username: 'AWS' })
      expect(ctx.said.secrets).toEqual(['clover'])
    } finally {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true })
    }
  })

  it('takes passwords only as secrets', () => {
    expect(dockerPush({ login: { helper: 'ecr-login' } }).validate?.()).toEqual([])
    expect(Reflect.apply(dockerPush, undefined, [{ login: { helper: '../x', username: 'daisy' } }]).validate?.()).toMatchObject([
      { path: ['login', 'helper'], message: `must be the name behind 'docker-credential-', not "../x"` },
      { path: ['login', 'username'], message: "unknown option 'username'" },
    ])
    expect(Reflect.apply(dockerPush, undefined, [{ login: { username: 'daisy', password: 'clover' } }]).validate?.()).toEqual([
      { path: ['login', 'password'], message: 'must be a secret, not "clover"' },
    ])
    expect(dockerPush().validate?.()).toEqual([])
  })
})
