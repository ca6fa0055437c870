import { readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { BuildContext, Plugin, ResourceRecord } from '../src/index.ts'
import { defineImage, run, sweep, wait } from '../src/index.ts'
import { runOptions, shelf, thing } from './fixtures.ts'

type Shelf = ReturnType<typeof shelf>

function put(ctx: BuildContext, { things, kind }: Shelf, name: string) {
  return ctx.resources.acquire({
    kind,
    name,
    data: { place: 'shelf' },
    create: () => Promise.resolve(things.push(name)),
    id: () => `id-of-${name}`,
  })
}

test('the intent is on disk before the thing exists, the id after', async () => {
  const options = await runOptions()
  const { kind } = shelf()
  let before = ''
  let after = ''
  const journal = async (): Promise<string> => {
    const folder = join(options.stateDirectory, 'journal')
    const [file = ''] = await readdir(folder)
    return readFile(join(folder, file), 'utf8')
  }
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) => {
          const create = async (): Promise<void> => void (before = await journal())
          await ctx.resources.acquire({ kind, name: 'box', data: { place: 'shelf' }, create, id: () => 'id-of-box' })
          after = await journal()
        },
      }),
    },
  })
  await run(image, options)
  expect(before).toContain('"name":"box"')
  expect(before).not.toContain('id-of-box')
  expect(after).toContain('id-of-box')
  expect(await readdir(join(options.stateDirectory, 'journal'))).toEqual([])
})

test('released last in, first out, past failures, which are reported', async () => {
  const options = await runOptions()
  const store = shelf()
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) => void (await put(ctx, store, 'one'), await put(ctx, store, 'stuck'), await put(ctx, store, 'three')),
      }),
    },
  })
  const report = await run(image, options)
  expect(report.status).toBe('succeeded')
  expect([...new Set(store.log)]).toEqual(['destroy three', 'destroy stuck', 'destroy one'])
  expect(store.things).toEqual(['stuck'])
  expect(report.left.map(({ name, id }) => [name, id])).toEqual([['stuck', 'id-of-stuck']])
  const failure = options.events.find((event) => event.type === 'resource-release-failed')
  expect(failure).toMatchObject({ error: { code: 'RELEASE_FAILED', message: "thing 'stuck' could not be removed: it is stuck" } })
})

test('a creation whose answer was lost is removed by name', async () => {
  const store = shelf()
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) => {
          const create = (): Promise<never> => {
            store.things.push('box')
            return Promise.reject(new Error('connection lost'))
          }
          await ctx.resources.acquire({ kind: store.kind, name: 'box', data: { place: 'shelf' }, create })
        },
      }),
    },
  })
  const report = await run(image, await runOptions())
  expect(report.builds[0]?.error?.message).toBe('connection lost')
  expect(store.things).toEqual([])
})

test('releasing has a deadline of its own', async () => {
  const { kind } = shelf()
  const slow = { ...kind, destroy: (_: unknown, signal: AbortSignal) => wait(60_000, signal) }
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) =>
          void (await ctx.resources.acquire({ kind: slow, name: 'box', data: { place: 'shelf' }, create: () => Promise.resolve() })),
      }),
    },
  })
  const report = await run(image, { ...(await runOptions()), releaseTimeout: 30 })
  expect(report.left.map(({ name }) => name)).toEqual(expect.arrayContaining(['box']))
})

test('what a build gives back or gives away is not released again', async () => {
  const store = shelf()
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) => {
          await (await put(ctx, store, 'back')).release()
          await (await put(ctx, store, 'away')).disown()
        },
      }),
    },
  })
  const report = await run(image, await runOptions())
  expect(store.log).toEqual(['destroy back'])
  expect([store.things, report.left]).toEqual([['away'], []])
})

test('a creation that goes on when its sibling has failed is ended, waited for and removed', async () => {
  const store = shelf()
  const acquire = (ctx: BuildContext, name: string, create: (signal: AbortSignal) => Promise<unknown>) =>
    ctx.resources.acquire({ kind: store.kind, name, data: { place: 'shelf' }, create })
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) =>
          void (await Promise.all([
            acquire(ctx, 'bad', () => Promise.reject(new Error('no room'))),
            acquire(ctx, 'heeds', (signal) => wait(60_000, signal)),
            acquire(ctx, 'slow', () => wait(50, new AbortController().signal).then(() => store.things.push('slow'))),
          ])),
      }),
    },
  })
  const options = await runOptions()
  const report = await run(image, options)
  expect(report.builds[0]?.error?.message).toBe('no room')
  expect([store.things, report.left]).toEqual([[], []])
  expect(await readdir(join(options.stateDirectory, 'journal'))).toEqual([])
})

test('a creation that never ends is left to sweep when the time is over', async () => {
  const store = shelf()
  const never = (ctx: BuildContext) =>
    ctx.resources.acquire({ kind: store.kind, name: 'box', data: { place: 'shelf' }, create: () => new Promise(() => undefined) })
  const image = defineImage({
    name: 'cow',
    builders: { a: thing({ build: async (ctx) => void (await Promise.all([never(ctx), Promise.reject(new Error('no room'))])) }) },
  })
  const report = await run(image, { ...(await runOptions()), releaseTimeout: 20 })
  expect(report.left.map(({ kind }) => kind)).toContain('thing')
  expect(store.log).toEqual([])
})

test('two who release the same resource remove it once', async () => {
  const store = shelf()
  const image = defineImage({
    name: 'cow',
    builders: {
      a: thing({
        build: async (ctx) => {
          const box = await put(ctx, store, 'box')
          await Promise.all([box.release(), box.release()])
        },
      }),
    },
  })
  await run(image, await runOptions())
  expect(store.log).toEqual(['destroy box'])
})

/** The journal of a run whose process is gone: process 1 never started at tick 0. */
async function deadJournal(stateDirectory: string, owner: string): Promise<void> {
  const record = { runId: 'dead', image: 'cow', build: 'a', kind: 'thing', package: 'shelf', data: { place: 'shelf' } }
  const lines = [
    { type: 'run', version: 1, runId: 'dead', owner, startedAt: '2026-01-01T00:00:00Z' },
    { type: 'intent', key: 1, record: { ...record, name: 'one' } },
    { type: 'created', key: 1, id: 'id-of-one' },
    { type: 'intent', key: 2, record: { ...record, name: 'two' } },
    { type: 'intent', key: 3, record: { ...record, name: 'three' } },
    { type: 'released', key: 3 },
  ]
  await writeFile(join(stateDirectory, 'journal', 'dead.jsonl'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"int`)
}

async function ownerOfThisProcess(): Promise<string> {
  let owner = ''
  await run(
    defineImage({
      name: 'cow',
      builders: { a: thing({ build: (ctx) => Promise.resolve(void (owner = ctx.labels['imago.owner'] ?? '')) }) },
    }),
    await runOptions(),
  )
  return owner
}

async function sweepable(owner: (own: string) => string): Promise<{ stateDirectory: string; store: Shelf; plugin: Plugin }> {
  const { stateDirectory, directory } = await runOptions()
  await run(defineImage({ name: 'cow', builders: { a: thing() } }), { stateDirectory, directory })
  await deadJournal(stateDirectory, owner(await ownerOfThisProcess()))
  const store = shelf()
  store.things.push('one', 'two', 'labelled')
  return { stateDirectory, store, plugin: { name: 'shelf', resourceKinds: [store.kind] } }
}

const dead = (own: string): string => own.replace(/\/\d+\/\d+$/, '/1/0')

test('sweep removes what a killed run left, newest first, also what was only intended', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const swept = await sweep({ stateDirectory, loadPlugin: () => Promise.resolve(plugin) })
  expect(swept.map(({ record, outcome }) => [record.name, outcome])).toEqual([
    ['two', 'removed'],
    ['one', 'removed'],
  ])
  expect(store.things).toEqual(['labelled'])
  expect(await readdir(join(stateDirectory, 'journal'))).toEqual([])
})

test('sweep finds by labels what no journal names', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const record = { runId: 'other', image: 'cow', build: 'a', kind: 'thing', package: 'shelf', name: 'labelled', data: {} }
  const find = async () => [{ record, owner: dead(await ownerOfThisProcess()) }]
  await sweep({ stateDirectory, plugins: [{ ...plugin, find }] })
  expect(store.things).toEqual([])
})

test('sweep removes from any machine what is older than its run said, but nothing of a process that runs', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const record = { runId: 'other', image: 'cow', build: 'a', kind: 'thing', package: 'shelf', name: 'labelled', data: {} }
  const found = (owner: string) => async () => [{ record, owner, isExpired: true }]
  await sweep({ stateDirectory, plugins: [{ ...plugin, find: found(await ownerOfThisProcess()) }] })
  expect(store.things).toEqual(['labelled'])
  await sweep({ stateDirectory, plugins: [{ ...plugin, find: found('another-host/boot/1/2') }] })
  expect(store.things).toEqual([])
})

test('a dry run removes nothing', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const swept = await sweep({ stateDirectory, plugins: [plugin], dryRun: true })
  expect(swept.map(({ outcome }) => outcome)).toEqual(['would-remove', 'would-remove'])
  expect(store.things).toHaveLength(3)
})

test('sweep leaves alone what a running process made, and what another machine made unless told', async () => {
  const { stateDirectory, store, plugin } = await sweepable((own) => own)
  expect((await sweep({ stateDirectory, plugins: [plugin] })).map(({ outcome }) => outcome)).toEqual(['in-use', 'in-use'])
  const elsewhere = await sweepable(() => 'another-host/boot/1/2')
  expect((await sweep({ stateDirectory: elsewhere.stateDirectory, plugins: [elsewhere.plugin] })).map(({ outcome }) => outcome)).toEqual([
    'in-use',
    'in-use',
  ])
  expect(store.things).toHaveLength(3)
  await sweep({ stateDirectory: elsewhere.stateDirectory, plugins: [elsewhere.plugin], otherHosts: true })
  expect(elsewhere.store.things).toEqual(['labelled'])
})

test('sweep says what it could not remove, and why', async () => {
  const { stateDirectory } = await sweepable(dead)
  const swept = await sweep({ stateDirectory })
  expect(swept[0]).toMatchObject({ outcome: 'failed', error: { code: 'TOOL_MISSING' } })
  expect(await readdir(join(stateDirectory, 'journal'))).toEqual(['dead.jsonl'])
})

test('a journal that goes between listing and reading is passed over: its run has ended', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  await symlink('gone', join(stateDirectory, 'journal', 'ended.jsonl'))
  await sweep({ stateDirectory, plugins: [plugin] })
  expect(store.things).toEqual(['labelled'])
})

test('two sweeps at once: the slower one does not bring back the journal that the other removed', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const destroy = async ({ name }: { readonly name: string }): Promise<void> => {
    if (name === 'one') throw new Error('the other sweep is at it')
    await rm(join(stateDirectory, 'journal', 'dead.jsonl'))
  }
  const swept = await sweep({ stateDirectory, plugins: [{ ...plugin, resourceKinds: [{ ...store.kind, destroy }] }] })
  expect(swept.map(({ outcome }) => outcome)).toEqual(['removed', 'failed'])
  expect(await readdir(join(stateDirectory, 'journal'))).toEqual([])
})

test('what one sweep removed the next one does not try again, also behind a line that is half written', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const stuck = {
    ...store.kind,
    destroy: (record: ResourceRecord<{ readonly place: string }>, signal: AbortSignal) =>
      record.name === 'one' ? Promise.reject(new Error('it is stuck')) : store.kind.destroy(record, signal),
  }
  const failing = { ...plugin, resourceKinds: [stuck] }
  expect((await sweep({ stateDirectory, plugins: [failing] })).map(({ outcome }) => outcome)).toEqual(['removed', 'failed'])
  expect((await sweep({ stateDirectory, plugins: [plugin] })).map(({ record }) => record.name)).toEqual(['one'])
})

test('a plugin that fails to look for labels does not keep the others from removing', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const record = { runId: 'other', image: 'cow', build: 'a', kind: 'thing', package: 'shelf', name: 'labelled', data: { place: 'shelf' } }
  const broken: Plugin = { name: 'broken', resourceKinds: [], find: () => Promise.reject(new Error('no permission')) }
  const find = async () => [{ record, owner: dead(await ownerOfThisProcess()) }]
  await expect(sweep({ stateDirectory, plugins: [broken, { ...plugin, find }] })).rejects.toMatchObject({
    code: 'PROVIDER_FAILED',
    message: "package 'broken' cannot say what was left: no permission",
  })
  expect(store.things).toEqual([])
})

test('a sweep that is cancelled stops, also when a removal does not listen', async () => {
  const { stateDirectory, store, plugin } = await sweepable(dead)
  const controller = new AbortController()
  const deaf = { ...store.kind, destroy: () => (controller.abort(), new Promise<void>(() => undefined)) }
  await expect(sweep({ stateDirectory, plugins: [{ ...plugin, resourceKinds: [deaf] }], signal: controller.signal })).rejects.toMatchObject(
    { code: 'CANCELLED' },
  )
  expect(await readdir(join(stateDirectory, 'journal'))).toEqual(['dead.jsonl'])
})

test('a journal that its process never wrote a line to goes, but not at once', async () => {
  const { stateDirectory } = await sweepable(dead)
  const folder = join(stateDirectory, 'journal')
  await rm(join(folder, 'dead.jsonl'))
  await writeFile(join(folder, 'old.jsonl'), '{"type":"ru')
  await utimes(join(folder, 'old.jsonl'), new Date(0), new Date(0))
  await writeFile(join(folder, 'new.jsonl'), '')
  await sweep({ stateDirectory })
  expect(await readdir(folder)).toEqual(['new.jsonl'])
})

test('a run that is called like another is refused, and the other keeps its journal', async () => {
  const { stateDirectory } = await sweepable(dead)
  await writeFile(join(stateDirectory, 'journal', 'dead0000.jsonl'), '')
  await expect(run(defineImage({ name: 'cow', builders: { a: thing() } }), { stateDirectory, runId: 'dead0000' })).rejects.toMatchObject({
    code: 'USAGE',
    message: "there is a run 'dead0000' already",
  })
  expect((await readdir(join(stateDirectory, 'journal'))).toSorted()).toEqual(['dead.jsonl', 'dead0000.jsonl'])
})
