import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { DockerImageArtifact } from '@imago/core'
import { secret } from '@imago/core'
import type { Engine, ImageDetails } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { docker } from '../src/index.ts'
import { isIdle } from '../src/is-idle.ts'
import { archiveNames, findEngine, makeImage, inspected, outputOfImage, rejection, runBuild, uniqueName } from './real-engine.ts'

const { reason } = await findEngine()

describe.skipIf(reason !== undefined)(`the result of docker()${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  const made: string[] = []
  let engine: Engine
  let base = ''
  let directory = ''

  beforeAll(async () => {
    engine = await connectEngine()
    base = await newImage()
  })
  afterAll(async () => {
    for (const image of made.toReversed()) await engine.images.remove(image, { force: true })
    engine.close()
  })
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imago-docker-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  async function newImage(changes: readonly string[] = []): Promise<string> {
    const name = await makeImage(engine, changes)
    made.push(name)
    return name
  }

  /** What the engine knows of a built image, which is removed at the end. */
  async function built(artifact: DockerImageArtifact): Promise<ImageDetails> {
    made.push(artifact.imageId)
    const details = await engine.images.inspect(artifact.imageId)
    if (details === undefined) throw new Error(`there is no image ${artifact.imageId}`)
    return details
  }

  async function containersOf(runId: string): Promise<readonly string[]> {
    return (await engine.containers.list({ 'imago.run': runId })).map(({ name }) => name)
  }

  test('a commit keeps what the base image says, and what the steps did', async () => {
    const parent = await newImage(['ENTRYPOINT ["/bin/cat"]', 'CMD ["/motd"]', 'ENV A=base', 'LABEL of=base', 'USER 1:1', 'WORKDIR /tmp'])
    let during: readonly string[] = []
    const { artifact, context } = await runBuild(
      docker({ image: parent, user: '0', env: { SECRET: secret('hush-hush') } }),
      async (machine, { ctx, facts }) => {
        await machine.exec('echo moo >/motd')
        during = await containersOf(ctx.runId)
        expect(facts).toMatchObject({ sourceImage: parent, user: '0', machineId: expect.stringMatching(/^[0-9a-f]{64}$/) })
      },
    )
    expect(during).toEqual([`imago-${context.runId}-test-docker`])
    const { id = '' } = (await engine.images.inspect(parent)) ?? {}
    expect(context.materials).toEqual([{ name: `docker.io/library/${parent}:latest`, digest: { sha256: id.slice('sha256:'.length) } }])
    expect(await containersOf(context.runId)).toEqual([])
    expect(artifact).toMatchObject({ type: 'docker-image', tags: [], digests: [], engine: engine.endpoint })
    const { config, size } = await built(artifact)
    expect(config).toMatchObject({
      entrypoint: ['/bin/cat'],
      cmd: ['/motd'],
      env: expect.arrayContaining(['A=base']),
      user: '1:1',
      workdir: '/tmp',
    })
    expect(config.labels).toMatchObject({ of: 'base', 'imago.run': '' })
    expect(artifact.size).toBe(size)
    expect(await outputOfImage(artifact.imageId)).toBe('moo\n')
  })

  test.each([
    ['a command only', ['CMD ["/bin/echo", "base"]']],
    ['an entrypoint only', ['ENTRYPOINT ["/bin/echo"]', 'HEALTHCHECK CMD true', 'STOPSIGNAL 9']],
  ])('a commit on an image with %s has the same', async (_, changes) => {
    const parent = await newImage(changes)
    const { artifact, context } = await runBuild(docker({ image: parent, user: '1', workdir: '/tmp' }))
    await built(artifact)
    const labels = { 'imago.run': '', 'imago.image': '', 'imago.build': '' }
    const { Config: was } = await inspected(parent)
    const { Config: is } = await inspected(artifact.imageId)
    const [own, others] = [true, false].map((isOwn) =>
      Object.fromEntries(Object.entries(is.Labels).filter(([name]) => name.startsWith('imago.artifact.') === isOwn)),
    )
    expect({ ...is, Labels: others }).toEqual({ ...was, Labels: { ...was.Labels, ...labels } })
    expect(own).toMatchObject({ 'imago.artifact.image': 'test', 'imago.artifact.build': 'docker', 'imago.artifact.run': context.runId })
  })

  test('a container is idle while nothing runs in it but what waits there for steps', async () => {
    const { signal } = new AbortController()
    const seen: boolean[] = []
    const builder = docker({ image: base, result: { type: 'discard' } })
    await runBuild(builder, async (machine) => {
      const look = async (): Promise<void> => void seen.push(await isIdle({ shell: '/bin/sh' }, machine, signal))
      await look()
      await machine.exec('while :; do :; done & echo $! >/pid')
      await look()
      await machine.exec('kill $(cat /pid)')
      await expect.poll(async () => (await machine.exec('kill -0 $(cat /pid)')).exitCode, { timeout: 20_000 }).not.toBe(0)
      await look()
      expect(await isIdle({ shell: undefined }, machine, signal)).toBe(false)
    })
    expect(seen).toEqual([true, false, true])
  })

  test('a commit on an image with neither command nor entrypoint has none', async () => {
    const { artifact } = await runBuild(docker({ image: base }))
    const { cmd = [], entrypoint = [] } = (await built(artifact)).config
    expect([...cmd, ...entrypoint]).toEqual([])
  })

  test('a commit takes a name, a configuration and changes', async () => {
    const repository = uniqueName()
    const config = {
      cmd: ['b'],
      entrypoint: ['/bin/echo', 'a'],
      env: { GREETING: "it's $HOME" },
      user: '12:34',
      workdir: '/srv',
      labels: { made: 'here' },
      exposedPorts: [80, '53/udp'],
      volumes: ['/data'],
    }
    const result = { type: 'commit', repository, tag: '1.0', author: 'A', message: 'M', config, changes: ['ENV LAST=1'] } as const
    const { artifact } = await runBuild(docker({ image: base, result }))
    expect(artifact.tags).toEqual([`${repository}:1.0`])
    expect((await built(artifact)).config).toMatchObject({
      cmd: ['b'],
      entrypoint: ['/bin/echo', 'a'],
      env: expect.arrayContaining(["GREETING=it's $HOME", 'LAST=1']),
      user: '12:34',
      workdir: '/srv',
      exposedPorts: expect.arrayContaining(['80/tcp', '53/udp']),
      volumes: ['/data'],
      labels: { made: 'here' },
    })
    expect(await inspected(artifact.imageId)).toMatchObject({ Author: 'A', Comment: 'M' })
    expect(await outputOfImage(artifact.imageId)).toBe('a b\n')
    await docker({ image: base }).destroyArtifact?.(artifact, { directory, signal: new AbortController().signal })
    expect(await engine.images.inspect(`${repository}:1.0`)).toBeUndefined()
  })

  test('an export is the whole file system in one file, with its digest', async () => {
    await writeFile(join(directory, 'root.tar'), 'old')
    const builder = docker({ image: base, result: { type: 'export', path: 'root.tar' } })
    const { artifact } = await runBuild(builder, async (machine) => void (await machine.exec('echo moo >/motd')), { directory })
    const [file] = artifact.files
    expect(artifact).toMatchObject({ type: 'docker-rootfs', id: `sha256:${file.sha256}`, platform: expect.stringMatching(/^linux\//) })
    const content = await readFile(file.path)
    expect([file.path, file.size]).toEqual([join(directory, 'root.tar'), content.length])
    expect(createHash('sha256').update(content).digest('hex')).toBe(file.sha256)
    expect(await archiveNames(file.path)).toContain('motd')
    expect(await readdir(directory)).toEqual(['root.tar'])
  })

  test('an export that cannot be written leaves nothing', async () => {
    await mkdir(join(directory, 'root.tar'))
    const builder = docker({ image: base, result: { type: 'export', path: 'root.tar' } })
    expect(await rejection(runBuild(builder, undefined, { directory }))).toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(await readdir(directory)).toEqual(['root.tar'])
  })

  test('a discarded container leaves nothing', async () => {
    const before = await engine.images.inspect(base)
    const { artifact, context } = await runBuild(docker({ image: base, result: { type: 'discard' } }))
    expect(artifact).toEqual({ type: 'discarded', id: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(await containersOf(context.runId)).toEqual([])
    expect(await engine.images.inspect(base)).toEqual(before)
  })
})
