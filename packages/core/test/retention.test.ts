import { EventEmitter, once } from 'node:events'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { Artifact, Builder, BuildEvent, FilesArtifact, Image, MadeBefore, Report, RetiredArtifact, RunOptions } from '../src/index.ts'
import { artifactOf, defineImage, processOwner, retain, run, validate, wait } from '../src/index.ts'
import { files, machine, post, runOptions, thing } from './fixtures.ts'

/** A provider that is an array; builds of `cloud` put one more thing there. */
interface Cloud {
  readonly things: MadeBefore[]
  readonly builder: Builder
  readonly known: (readonly Artifact[])[]
}

function cloud(options: { readonly failsFor?: string; readonly failsToList?: true } = {}): Cloud {
  const things: MadeBefore[] = []
  const known: (readonly Artifact[])[] = []
  let made = 0
  const builder: Builder = {
    kind: 'builder',
    type: 'cloud',
    options: {},
    makes: { type: 'thing', files: false },
    async build(ctx) {
      await ctx.provision(machine)
      const artifact = { type: 'thing', id: `thing-${++made}` }
      things.push({ artifact, madeAt: new Date(made * 1000).toISOString(), runId: ctx.runId })
      return artifact
    },
    artifacts: async (ctx) => {
      known.push(ctx.known)
      if (options.failsToList === true) throw new Error('no such region')
      return things
    },
    destroyArtifact: async ({ id }) => {
      if (id === options.failsFor) throw new Error('it is stuck')
      things.splice(
        things.findIndex(({ artifact }) => artifact.id === id),
        1,
      )
    },
  }
  return { things, builder, known }
}

const ids = ({ things }: Cloud): string[] => things.map(({ artifact }) => artifact.id)
const warnings = (events: readonly BuildEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))

interface Bench {
  readonly options: Awaited<ReturnType<typeof runOptions>>
  readonly build: (image: Image, more?: RunOptions) => Promise<Report>
  readonly inDirectory: () => Promise<string[]>
}

async function bench(): Promise<Bench> {
  const options = await runOptions()
  return {
    options,
    build: (image, more) => run(image, { ...options, ...more }),
    inDirectory: async () => (await readdir(options.directory)).filter((name) => name !== '.imago').toSorted(),
  }
}

/** A builder that writes a file of that name. */
const disk = (name: string, more: { readonly text?: string; readonly inputs?: string } = {}): Builder<FilesArtifact> => ({
  ...files(async ({ directory }) => {
    const path = join(directory, name)
    const text = more.text ?? name
    await writeFile(path, text)
    return { type: 'files', id: path, files: [{ path, size: text.length }] }
  }),
  ...(more.inputs !== undefined && { inputs: () => [{ path: more.inputs ?? '', at: [] }] }),
})
const disks = (name: string, last: number, more: Parameters<typeof disk>[1] = {}): Image =>
  defineImage({ name: 'cow', builders: { disk: disk(name, more) }, retain: { last } })

describe('at a provider', () => {
  test('the latest stay, and events and the report say what went', async () => {
    const { options, build } = await bench()
    const place = cloud()
    const image = defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 2 } })
    for (let count = 0; count < 3; count++) await build(image)
    const report = await build(image)
    expect(ids(place)).toEqual(['thing-3', 'thing-4'])
    expect(report.builds[0]).toMatchObject({ status: 'succeeded', removed: [{ type: 'thing', id: 'thing-2' }] })
    expect(report.builds[0]?.steps.map(({ step, status }) => [step.id, status])).toEqual([['builder.retain', 'succeeded']])
    const removed = options.events.filter((event) => event.type === 'artifact-removed')
    expect(removed.map(({ artifact, build: name, step }) => [artifact.id, name, step])).toEqual([
      ['thing-1', 'cloud', 'builder.retain'],
      ['thing-2', 'cloud', 'builder.retain'],
    ])
    expect(warnings(options.events)).toEqual([])
  })

  test('the builder is told what runs have left, the latest first', async () => {
    const { build } = await bench()
    const place = cloud()
    const image = defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 5 } })
    await build(image)
    await build(image)
    expect(place.known.at(-1)?.map(({ id }) => id)).toEqual(['thing-2', 'thing-1'])
  })

  test('what was just made is noted as the provider has it', async () => {
    const { build } = await bench()
    const place = cloud()
    const named: Builder = {
      ...place.builder,
      artifacts: async (ctx) => {
        place.known.push(ctx.known)
        return place.things.map((each) => ({ ...each, artifact: { ...each.artifact, tags: [`${each.artifact.id}:also`] } }))
      },
    }
    const image = defineImage({ name: 'cow', builders: { cloud: named }, retain: { last: 5 } })
    await build(image)
    await build(image)
    expect(place.known.at(-1)?.[1]).toEqual({ type: 'thing', id: 'thing-1', tags: ['thing-1:also'] })
  })

  test('what is in use stays, and is told', async () => {
    const { options, build } = await bench()
    const place = cloud()
    place.things.push({ artifact: { type: 'thing', id: 'used' }, madeAt: '1970-01-01T00:00:00Z', inUse: 'container web uses it' })
    await build(defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 1 } }))
    expect(ids(place)).toEqual(['used', 'thing-1'])
    expect(warnings(options.events)).toEqual(['thing used is kept: container web uses it'])
  })

  test('what a run has made that is not over stays', async () => {
    const { options, build } = await bench()
    const journals = join(options.stateDirectory, 'journal')
    await mkdir(journals, { recursive: true })
    const header = { type: 'run', version: 1, owner: processOwner(), startedAt: '1970-01-01T00:00:00Z' }
    await writeFile(join(journals, 'running1.jsonl'), `${JSON.stringify({ ...header, runId: 'running1' })}\n`)
    await writeFile(join(journals, 'finished.jsonl'), `${JSON.stringify({ ...header, runId: 'finished' })}\n{"type":"finished"}\n`)
    const place = cloud()
    const add = (runId: string, madeAt: string): void =>
      void place.things.push({ artifact: { type: 'thing', id: `of-${runId}` }, madeAt, runId })
    add('running1', '1970-01-01T00:00:00Z')
    add('finished', '1970-01-01T00:00:00Z')
    add('stranger', new Date(Date.now() - 1000).toISOString())
    add('oldstran', new Date(Date.now() - 25 * 60 * 60_000).toISOString())
    await build(defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 1 } }))
    expect(ids(place)).toEqual(['of-running1', 'of-stranger', 'thing-1'])
  })

  test('what was just made stays, also when others claim to be later', async () => {
    const { build } = await bench()
    const place = cloud()
    place.things.push({ artifact: { type: 'thing', id: 'from-the-future' }, madeAt: '2999-01-01T00:00:00Z' })
    await build(defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 1 } }))
    expect(ids(place)).toEqual(['thing-1'])
  })

  test.each([
    ['one cannot be removed', { failsFor: 'thing-1' }, 'thing thing-1 could not be removed: it is stuck', ['thing-1', 'thing-3']],
    ['it cannot be asked', { failsToList: true }, 'older artifacts stay: no such region', ['thing-1', 'thing-2', 'thing-3']],
  ] as const)('the build succeeds when %s', async (_, fails, warning, left) => {
    const { options, build } = await bench()
    const place = cloud(fails)
    const image = defineImage({ name: 'cow', builders: { cloud: place.builder }, retain: { last: 1 } })
    await build(image)
    await build(image)
    options.events.length = 0
    const report = await build(image)
    expect(report.status).toBe('succeeded')
    expect(ids(place)).toEqual(left)
    expect(warnings(options.events)).toEqual([warning])
  })

  test('a removal that does not end is given up', async () => {
    const { options, build } = await bench()
    const place = cloud()
    const hangs = (_: Artifact, { signal }: { readonly signal: AbortSignal }): Promise<void> => wait(600_000, signal)
    const image = defineImage({ name: 'cow', builders: { cloud: { ...place.builder, destroyArtifact: hangs } }, retain: { last: 1 } })
    await build(image)
    const report = await build(image, { releaseTimeout: 20 })
    expect(report.status).toBe('succeeded')
    expect(warnings(options.events)).toEqual(['thing thing-1 could not be removed: timed out'])
  })

  test('nothing is asked or removed when a build fails', async () => {
    const { build } = await bench()
    const place = cloud()
    const fails = post(() => Promise.reject(new Error('broken')))
    const image = defineImage({
      name: 'cow',
      builders: { cloud: { ...place.builder, makes: { type: 'thing', files: true } } },
      retain: { last: 1 },
    })
    await build(image)
    await build(image)
    const asked = place.known.length
    const broken: Image = { ...image, postProcessors: [[fails]] }
    expect((await build(broken)).status).toBe('failed')
    expect(place.known.length).toBe(asked)
    expect(ids(place)).toEqual(['thing-2', 'thing-3'])
  })
})

describe('files', () => {
  test('of earlier runs go', async () => {
    const { build, inDirectory } = await bench()
    for (const name of ['a', 'b', 'c', 'd']) await build(disks(name, 2))
    expect(await inDirectory()).toEqual(['c', 'd'])
  })

  test('whose digest nobody has noted stay', async () => {
    const { build, inDirectory, options } = await bench()
    await build(defineImage({ name: 'cow', builders: { disk: disk('unknown') } }))
    await build(disks('b', 1))
    await build(disks('c', 1))
    expect(await inDirectory()).toEqual(['c', 'unknown'])
    expect(warnings(options.events)).toEqual([expect.stringMatching(/unknown is kept: its digest was not noted$/)])
  })

  test('that have been changed stay, and are told once', async () => {
    const { build, inDirectory, options } = await bench()
    await build(disks('a', 1))
    await writeFile(join(options.directory, 'a'), 'b') // of the same size
    await build(disks('b', 1))
    await build(disks('c', 1))
    expect(await inDirectory()).toEqual(['a', 'c'])
    expect(warnings(options.events)).toEqual([expect.stringMatching(/\/a is kept: it has been changed since$/)])
  })

  test('that somebody has written again stay, although their content is the same', async () => {
    const { build, inDirectory, options } = await bench()
    await build(disks('a', 1))
    const later = new Date(Date.now() + 60_000)
    await utimes(join(options.directory, 'a'), later, later)
    await build(disks('b', 1))
    expect(await inDirectory()).toEqual(['a', 'b'])
    expect(warnings(options.events)).toEqual([expect.stringMatching(/\/a is kept: it has been changed since$/)])
  })

  test('of a run that is not over stay until it is', async () => {
    const { build, inDirectory, options } = await bench()
    const [waiting, ending] = [new EventEmitter(), new EventEmitter()]
    const waits = once(waiting, 'it does')
    const base = disks('a', 1)
    const late = thing({
      from: artifactOf(base, 'disk'),
      build: async () => {
        const end = once(ending, 'now')
        waiting.emit('it does')
        await end
      },
    })
    const first = build(defineImage({ name: 'calf', builders: { late } }))
    await waits
    await build(disks('b', 1))
    expect(await inDirectory()).toEqual(['a', 'b'])
    expect(warnings(options.events)).toEqual([expect.stringMatching(/\/a is kept: run \w+, which made it, may still need it$/)])
    ending.emit('now')
    expect((await first).status).toBe('succeeded')
    await build(disks('c', 1))
    expect(await inDirectory()).toEqual(['c'])
  })

  test('that a later run has written again stay', async () => {
    const { build, inDirectory, options } = await bench()
    for (const text of ['1', '2', '3']) await build(disks('same', 1, { text }))
    expect(await inDirectory()).toEqual(['same'])
    expect(await readFile(join(options.directory, 'same'), 'utf8')).toBe('3')
    expect(warnings(options.events)).toEqual([])
  })

  test('that the definition reads stay', async () => {
    const { build, inDirectory } = await bench()
    await build(disks('base', 1))
    await build(disks('next', 1, { inputs: 'base' }))
    expect(await inDirectory()).toEqual(['base', 'next'])
  })

  test('that post-processors have left go, and what they consumed is not missed', async () => {
    const { build, inDirectory } = await bench()
    const packed = (name: string): Image =>
      defineImage({
        name: 'cow',
        builders: { disk: disk(name) },
        postProcessors: [
          post(async (input, { directory }) => {
            const path = join(directory, `${name}.gz`)
            await writeFile(path, 'packed')
            return { ...input, id: path, files: [{ path, size: 6 }] }
          }),
        ],
        retain: { last: 1 },
      })
    await build(packed('a'))
    await build(packed('b'))
    expect(await inDirectory()).toEqual(['b.gz'])
  })

  test('of other builds and images stay', async () => {
    const { build, inDirectory } = await bench()
    await build(defineImage({ name: 'goat', builders: { disk: disk('goat') }, retain: { last: 1 } }))
    await build(defineImage({ name: 'cow', builders: { other: disk('other') }, retain: { last: 1 } }))
    await build(disks('a', 1))
    await build(disks('b', 1))
    expect(await inDirectory()).toEqual(['b', 'goat', 'other'])
  })
})

describe('retain()', () => {
  const said = (retired: readonly RetiredArtifact[]): unknown[] =>
    retired.map(({ image, build, artifact, outcome }) => [image, build, artifact.type, outcome])

  test('lists on a dry run, and then removes', async () => {
    const { options, build, inDirectory } = await bench()
    const place = cloud()
    const image = (name: string, last: number): Image =>
      defineImage({ name: 'cow', builders: { disk: disk(name), cloud: place.builder }, retain: { last } })
    for (const name of ['a', 'b', 'c']) await build(image(name, 9))
    const dry = await retain(image('c', 1), { ...options, dryRun: true })
    const would = [
      ['cow', 'disk', 'files', 'would-remove'],
      ['cow', 'disk', 'files', 'would-remove'],
      ['cow', 'cloud', 'thing', 'would-remove'],
      ['cow', 'cloud', 'thing', 'would-remove'],
    ]
    expect(said(dry)).toEqual(would)
    expect(await inDirectory()).toEqual(['a', 'b', 'c'])
    expect(ids(place)).toEqual(['thing-1', 'thing-2', 'thing-3'])
    const told: RetiredArtifact[] = []
    const wet = await retain(image('c', 1), { ...options, only: ['disk'], onArtifact: (one) => void told.push(one) })
    expect(said(wet)).toEqual(would.slice(0, 2).map((one) => one.with(3, 'removed')))
    expect(told).toEqual(wet)
    expect(await inDirectory()).toEqual(['c'])
    expect(ids(place)).toEqual(['thing-1', 'thing-2', 'thing-3'])
    await rm(join(options.directory, 'c'))
    expect(said(await retain(image('c', 1), options))).toEqual(would.slice(2).map((one) => one.with(3, 'removed')))
    expect(ids(place)).toEqual(['thing-3'])
  })

  test('passes over builds that the definition leaves out', async () => {
    const { options, build } = await bench()
    const place = cloud()
    const image = defineImage({
      name: 'cow',
      builders: { cloud: place.builder, thing: thing() },
      retain: { last: 1, except: ['thing', 'cloud'] },
    })
    await build(image)
    await build(image)
    expect(await retain(image, options)).toEqual([])
    expect(place.known).toEqual([])
  })
})

test.each([
  [{ last: 0 }, 'retain.last: must be 1 or more'],
  [{ last: 1.5 }, 'retain.last: must be a whole number'],
  [{}, 'retain.last'],
  [{ last: 2, lats: 3 }, 'retain.lats'],
  [{ last: 2, only: ['disc'] }, "retain.only.0: this image has no builder 'disc'"],
  [{ last: 2, only: ['disk'], except: ['thing'] }, 'retain.except: only and except exclude each other'],
  [{ last: 2 }, "retain: what builder 'thing' makes (thing) cannot be found again and removed"],
  [3, 'retain'],
])('%o is a problem of the definition', async (retention, problem) => {
  const image = defineImage({ name: 'cow', builders: { disk: disk('a'), thing: thing() } })
  const issues = await validate({ ...image, retain: retention } as Image)
  expect(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')).toContain(problem)
})
