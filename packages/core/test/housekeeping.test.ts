import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Builder, Image, Plugin, RunOptions } from '../src/index.ts'
import { cachedSnapshots, defineImage, pruneCache, run } from '../src/index.ts'
import type { BoxLog } from './box.ts'
import { box, put } from './box.ts'
import { runOptions } from './fixtures.ts'

interface Bench {
  readonly stateDirectory: string
  readonly plugins: readonly Plugin[]
  /** Builds an image of three steps, and answers with how many of them ran. */
  readonly build: (options?: Partial<RunOptions>) => Promise<number>
  /** The snapshots that are there. */
  readonly kept: () => Promise<readonly string[]>
}

async function bench(during: (builder: Builder) => Builder = (builder) => builder): Promise<Bench> {
  const { directory, stateDirectory, onEvent } = await runOptions()
  const log: BoxLog = { ran: [], made: 0 }
  const image = (): Image =>
    defineImage({ name: 'cow', builders: { box: during(box(log)) }, provisioners: ['a', 'b', 'c'].map((file) => put(log, { file })) })
  const { snapshots } = box(log)
  return {
    stateDirectory,
    plugins: [{ name: 'box', resourceKinds: [], ...(snapshots && { snapshots: { box: snapshots } }) }],
    build: async (options = {}) => {
      log.ran.length = 0
      await run(image(), { directory, stateDirectory, ...(onEvent && { onEvent }), cache: true, ...options })
      return log.ran.length
    },
    kept: async () => await readdir(join(stateDirectory, 'cache/snapshots/box')).catch(() => []),
  }
}

test('removes all snapshots, and nothing on a dry run', async () => {
  const { build, kept, plugins, stateDirectory } = await bench()
  await build()
  const dry = await pruneCache({ stateDirectory, plugins, dryRun: true })
  expect([dry.map(({ outcome }) => outcome), (await kept()).length]).toEqual([['would-remove', 'would-remove', 'would-remove'], 3])
  expect((await pruneCache({ stateDirectory, plugins })).map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed'])
  expect([await kept(), await cachedSnapshots(stateDirectory)]).toEqual([[], []])
  expect(await build({ cache: { from: 'a' } })).toBe(3)
})

test('removes those that were not used for longest until there is room', async () => {
  const { build, kept, plugins, stateDirectory } = await bench()
  await build()
  const [oldest] = await cachedSnapshots(stateDirectory)
  const pruned = await pruneCache({ stateDirectory, plugins, keepBytes: 2000 })
  expect(pruned.map(({ snapshot }) => snapshot.step.id)).toEqual([oldest?.step.id])
  expect((await kept()).length).toBe(2)
  expect(await pruneCache({ stateDirectory, plugins, olderThan: '1h' })).toEqual([])
})

test('a run keeps the cache as small as it was told to', async () => {
  const { build, kept } = await bench()
  await build({ cache: { maxBytes: 1000 } })
  expect((await kept()).length).toBe(1)
})

test('what a running build started from stays', async () => {
  let during: Promise<unknown> = Promise.resolve()
  let spared: readonly string[] = []
  const { build, kept, plugins, stateDirectory } = await bench((builder) => ({
    ...builder,
    build: async (ctx) =>
      await builder.build({
        ...ctx,
        findSnapshot: async (base) => {
          const key = await ctx.findSnapshot(base)
          if (key !== undefined) during = pruneCache({ stateDirectory, plugins }).then(async () => (spared = await kept()))
          await during
          return key
        },
      }),
  }))
  await build()
  expect(await build({ cache: { from: 'c' } })).toBe(1)
  expect(spared.length).toBe(1)
})

test('says what it cannot remove', async () => {
  const { build, stateDirectory } = await bench()
  await build()
  const [first] = await pruneCache({ stateDirectory, plugins: [] })
  expect(first).toMatchObject({ outcome: 'failed', error: { code: 'TOOL_MISSING' } })
})
