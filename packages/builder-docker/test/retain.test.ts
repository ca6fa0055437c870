import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BuildEvent, DockerImageArtifact, Image, PostProcessor, Report } from '@imago/core'
import { defineImage, retain, run } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { packContent } from '@imago/tar'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { docker } from '../src/index.ts'
import { findEngine, makeImage, uniqueName } from './real-engine.ts'

const { reason } = await findEngine()

describe.skipIf(reason !== undefined)(`retain with docker()${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let engine: Engine
  let base = ''

  beforeAll(async () => {
    engine = await connectEngine()
    base = await makeImage(engine)
  })
  afterAll(async () => {
    await engine.images.remove(base, { force: true })
    engine.close()
  })

  interface Bench {
    /** The name of the images, and their repository. */
    readonly name: string
    readonly events: BuildEvent[]
    readonly image: (tag: string, last: number) => Image
    /** Builds, and answers with the image's id. */
    readonly build: (tag: string, last: number) => Promise<string>
    readonly options: { readonly stateDirectory: string; readonly directory: string }
    readonly has: (image: string) => Promise<boolean>
  }

  async function bench(): Promise<Bench> {
    const name = uniqueName()
    const directory = await mkdtemp(join(tmpdir(), 'imago-retain-'))
    const events: BuildEvent[] = []
    onTestFinished(async () => {
      for (const { id } of await engine.images.list({ 'imago.artifact.image': name })) await engine.images.remove(id, { force: true })
      await rm(directory, { recursive: true, force: true })
    })
    const options = { directory, stateDirectory: join(directory, '.imago') }
    const image = (tag: string, last: number): Image =>
      defineImage({
        name,
        builders: { docker: docker({ image: base, pull: 'never', result: { type: 'commit', repository: name, tag } }) },
        postProcessors: [alsoCalled(`${name}-also`, tag), alsoCalled(`${name}-again`, tag)],
        retain: { last },
      })
    return {
      name,
      events,
      image,
      options,
      build: async (tag, last) => idOf(await run(image(tag, last), { ...options, onEvent: (event) => void events.push(event) })),
      has: async (id) => (await engine.images.inspect(id)) !== undefined,
    }
  }

  /** Gives the image another name. */
  function alsoCalled(repository: string, tag: string): PostProcessor<DockerImageArtifact, DockerImageArtifact> {
    const makes = { type: 'docker-image', files: false }
    return {
      kind: 'post-processor',
      type: 'also-called',
      options: {},
      takes: ['docker-image'],
      makes,
      input: 'needed',
      async process(input) {
        await engine.images.tag(input.imageId, { repository, tag })
        return { ...input, tags: [...input.tags, `${repository}:${tag}`] }
      },
    }
  }

  function idOf({ builds: [build] }: Report): string {
    if (build?.artifact === undefined || build.status !== 'succeeded') throw new Error(build?.error?.message ?? 'nothing was built')
    return build.artifact.id
  }

  const warnings = (events: readonly BuildEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))

  test('older images go with the names that builds gave them', async () => {
    const { build, events, has, name } = await bench()
    const ids = [await build('1', 2), await build('2', 2), await build('3', 2)]
    expect(await Promise.all(ids.map(has))).toEqual([false, true, true])
    expect(await has(`${name}:1`)).toBe(false)
    expect(await has(`${name}-also:1`)).toBe(false)
    expect(await has(`${name}-also:2`)).toBe(true)
    expect(warnings(events)).toEqual([])
    const removed = events.filter((event) => event.type === 'artifact-removed').map(({ artifact }) => artifact as DockerImageArtifact)
    expect(removed.map(({ id, tags }) => [id, tags.toSorted()])).toEqual([[ids[0], [`${name}-again:1`, `${name}-also:1`, `${name}:1`]]])
  })

  test('an image whose name a later one took goes, too', async () => {
    const { build, has } = await bench()
    const ids = [await build('same', 1), await build('same', 1)]
    expect(await Promise.all(ids.map(has))).toEqual([false, true])
  })

  test('images that containers use stay, and so do those with a name of somebody else', async () => {
    const { build, events, has, name } = await bench()
    const used = await build('1', 9)
    const container = uniqueName()
    await engine.containers.create({ name: container, image: used, command: ['/bin/sh'] })
    onTestFinished(() => engine.containers.remove(container))
    const pinned = await build('2', 9)
    await engine.images.tag(pinned, { repository: name, tag: 'production' })
    const third = await build('3', 1)
    expect(await Promise.all([used, pinned, third].map(has))).toEqual([true, true, true])
    expect(warnings(events)).toEqual([
      expect.stringContaining(`is kept: it is called ${name}:production, too`),
      `docker-image ${used} is kept: container ${container} uses it`,
    ])
    await engine.containers.remove(container)
    await engine.images.remove(`${name}:production`)
    const fourth = await build('4', 1)
    expect(await Promise.all([used, pinned, third, fourth].map(has))).toEqual([false, false, false, true])
  })

  test('an image that somebody made from one of ours is not ours', async () => {
    const { build, has, name } = await bench()
    await build('1', 1)
    const dockerfile = Buffer.from(`FROM ${name}:1\nENV A=b\n`)
    const child = await engine.images.build({ context: packContent('Dockerfile', dockerfile) })
    onTestFinished(() => engine.images.remove(child, { force: true }))
    await build('2', 1)
    await build('3', 1)
    expect(await has(child)).toBe(true)
  })

  test('a dry run only tells, also of images that another folder made', async () => {
    const { build, has, image, options } = await bench()
    const ids = [await build('1', 9), await build('2', 9)]
    const would = await retain(image('2', 1), { ...options, dryRun: true })
    expect(would.map(({ artifact, outcome }) => [artifact.id, outcome])).toEqual([[ids[0], 'would-remove']])
    const elsewhere = await retain(image('2', 1), { ...options, stateDirectory: join(options.directory, 'elsewhere') })
    expect(elsewhere.map(({ artifact, outcome }) => [artifact.id, outcome])).toEqual([[ids[0], 'kept']])
    expect(await Promise.all(ids.map(has))).toEqual([true, true])
  })
})
