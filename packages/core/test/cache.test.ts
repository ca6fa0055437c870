import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test, vi } from 'vitest'

import type { Builder, BuildEvent, FilesArtifact, Image, Provisioner, RunOptions } from '../src/index.ts'
import { defineImage, run } from '../src/index.ts'
import type { BoxLog } from './box.ts'
import { box, put } from './box.ts'
import { runOptions, step } from './fixtures.ts'

interface Bench {
  readonly log: BoxLog
  readonly directory: string
  readonly events: BuildEvent[]
  /** Builds, and answers with the steps that ran. */
  readonly build: (image: Image, options?: Partial<RunOptions>) => Promise<readonly string[]>
  readonly content: () => Promise<string>
}

async function bench(): Promise<Bench> {
  const options = await runOptions()
  const log: BoxLog = { ran: [], made: 0 }
  return {
    log,
    directory: options.directory,
    events: options.events,
    build: async (image, more = {}) => {
      log.ran.length = 0
      await run(image, { ...options, cache: true, ...more })
      return [...log.ran]
    },
    content: async () => await readFile(join(options.directory, 'box.txt'), 'utf8'),
  }
}

const image = (log: BoxLog, provisioners: readonly Provisioner[], base = 'one'): Image =>
  defineImage({ name: 'cow', builders: { box: box(log, { base }) }, provisioners })

const puts = (log: BoxLog, texts: Readonly<Record<string, string>>): Provisioner[] =>
  Object.entries(texts).map(([file, text]) => put(log, { file, text }))

describe('a build', () => {
  test('starts from the last step that is the same', async () => {
    const { log, build, content, events } = await bench()
    const before = { a: '1', b: '1', c: '1' }
    expect(await build(image(log, puts(log, before)))).toEqual(['a', 'b', 'c'])
    expect(await build(image(log, puts(log, { ...before, c: '2' })))).toEqual(['c'])
    expect(await content()).toBe('a: 1\nb: 1\nc: 2\n')
    expect(await build(image(log, puts(log, { ...before, a: '2' })))).toEqual(['a', 'b', 'c'])
    expect(await build(image(log, puts(log, before), 'two'))).toEqual(['a', 'b', 'c'])
    const cached = events.filter((event) => event.type === 'step-cached')
    expect(cached.map((event) => event.step.id)).toEqual(['provisioners[0]', 'provisioners[1]'])
  })

  test('of which nothing has changed does not start, while what it made is there', async () => {
    const { log, build, directory, events } = await bench()
    const same = (): Image => image(log, puts(log, { a: '1' }))
    await build(same())
    expect(await build(same())).toEqual([])
    expect(log.made).toBe(1)
    expect(events.findLast((event) => event.type === 'build-finished')).toMatchObject({
      upToDate: true,
      status: 'succeeded',
      artifacts: [{ type: 'files' }],
    })
    await rm(join(directory, 'box.txt'))
    expect(await build(same())).toEqual([])
    expect(log.made).toBe(2)
    await writeFile(join(directory, 'box.txt'), 'b: 1\n')
    await build(same())
    expect(log.made).toBe(3)
  })

  test('makes its result while the last snapshot is made, where its builder can', async () => {
    const { log, build, directory } = await bench()
    let isProvisioned = false
    const plain = box(log)
    const builder: Builder<FilesArtifact> = {
      ...plain,
      ...(plain.snapshots && { snapshots: { ...plain.snapshots, besideResult: true } }),
      build: (ctx) =>
        plain.build({
          ...ctx,
          async provision(machine, facts, save) {
            await ctx.provision(machine, facts, async (key, signal) => {
              if (log.ran.length === 2) await vi.waitUntil(() => isProvisioned)
              return (await save?.(key, signal)) ?? { bytes: 0 }
            })
            isProvisioned = true
          },
        }),
    }
    const same = (): Image => defineImage({ name: 'cow', builders: { box: builder }, provisioners: puts(log, { a: '1', b: '1' }) })
    expect(await build(same())).toEqual(['a', 'b'])
    await rm(join(directory, 'box.txt'))
    expect(await build(same())).toEqual([])
  })

  test('whose start became another one after it was looked up is built again', async () => {
    const { log, build } = await bench()
    const builders = { box: box(log, { found: 'another' }) }
    const same = (): Image => defineImage({ name: 'cow', builders, provisioners: puts(log, { a: '1' }) })
    await build(same())
    await build(same())
    expect(log.made).toBe(2)
  })

  test('goes on after the last step that went well', async () => {
    const { log, build } = await bench()
    const steps = (fails: boolean): Provisioner[] => [
      put(log, { file: 'a', text: '1' }),
      put(log, { file: 'b', text: '1', ...(fails && { fails }) }),
      put(log, { file: 'c', text: '1' }),
    ]
    expect(await build(image(log, steps(true)))).toEqual(['a', 'b'])
    expect(await build(image(log, steps(false)))).toEqual(['b', 'c'])
  })

  test('reads a file again that a step reads', async () => {
    const { log, build, directory, content } = await bench()
    const steps = (): Provisioner[] => [put(log, { file: 'a', text: '1' }), put(log, { file: 'b', source: 'b.txt' })]
    await writeFile(join(directory, 'b.txt'), '1')
    await build(image(log, steps()))
    await writeFile(join(directory, 'b.txt'), '2')
    expect(await build(image(log, steps()))).toEqual(['b'])
    expect(await content()).toBe('a: 1\nb: 2\n')
  })

  test('keeps nothing of steps whose files are changed while they run', async () => {
    const { log, build, directory, events } = await bench()
    const path = join(directory, 'b.txt')
    await writeFile(path, '1')
    const edits = { ...put(log, { file: 'a', text: '1' }), provision: async () => await writeFile(path, '2') }
    const steps = (...first: Provisioner[]): Provisioner[] => [...first, put(log, { file: 'b', source: 'b.txt' })]
    await build(image(log, steps(edits)))
    expect(events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))).toEqual([
      'there is no snapshot after b: its files were changed while it ran',
    ])
    await writeFile(path, '1')
    expect(await build(image(log, steps(edits)))).toEqual(['b'])
  })

  test('does all steps without a cache, and leaves nothing of them', async () => {
    const { log, build } = await bench()
    const same = (): Image => image(log, puts(log, { a: '1' }))
    await build(same(), { cache: false })
    expect(await build(same())).toEqual(['a'])
    expect(await build(same(), { cache: false })).toEqual(['a'])
  })

  test('does the steps again from the one that is named', async () => {
    const { log, build } = await bench()
    const same = (): Image => image(log, puts(log, { a: '1', b: '1', c: '1' }))
    await build(same())
    expect(await build(same(), { cache: { from: 'b' } })).toEqual(['b', 'c'])
    expect(await build(same(), { cache: { from: 'provisioners[2]' } })).toEqual(['c'])
  })
})

describe('a step', () => {
  test('always runs when it says so, and those after it do', async () => {
    const { log, build } = await bench()
    const same = (): Image => image(log, [put(log, { file: 'a' }), put(log, { file: 'b', cache: false }), put(log, { file: 'c' })])
    await build(same())
    expect(await build(same())).toEqual(['b', 'c'])
  })

  test('always runs when nothing is known of it', async () => {
    const { log, build } = await bench()
    const work = (): void => void log.ran.push('anything')
    await build(image(log, [step(work)]))
    expect(await build(image(log, [step(work)]))).toEqual(['anything'])
    await build(image(log, [step(work, { cache: true })]))
    expect(await build(image(log, [step(work, { cache: true })]))).toEqual([])
  })

  test('always runs when it depends on what only the running build knows', async () => {
    const { log, build } = await bench()
    const same = (): Image => image(log, [put(log, { file: 'a', text: ({ machineId }) => `in ${machineId}` })])
    await build(same())
    expect(await build(same())).toEqual(['a'])
    const known = (): Image => image(log, [put(log, { file: 'b', text: ({ buildName }) => `in ${buildName}` })])
    await build(known())
    expect(await build(known())).toEqual([])
  })

  test('runs again when it is too old', async () => {
    const { log, build } = await bench()
    const same = (maxAge: string | number): Image =>
      image(log, [put(log, { file: 'a' }), put(log, { file: 'b', cache: { maxAge: maxAge as '1h' } })]) // a duration, as the cases below are
    await build(same('1h'))
    expect(await build(same('1h'))).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await build(same(1))).toEqual(['b'])
  })

  test('runs again when something else has changed that counts', async () => {
    const { log, build } = await bench()
    const same = (also: string): Image => image(log, [put(log, { file: 'a', cache: { also: () => Promise.resolve({ also }) } })])
    await build(same('1'))
    expect(await build(same('1'))).toEqual([])
    expect(await build(same('2'))).toEqual(['a'])
  })

  test('that fails, and may, is no base for others', async () => {
    const { log, build } = await bench()
    const steps = (): Provisioner[] => [
      put(log, { file: 'a' }),
      put(log, { file: 'b', fails: true, continueOnError: true }),
      put(log, { file: 'c' }),
    ]
    await build(image(log, steps()))
    expect(await build(image(log, steps()))).toEqual(['b', 'c'])
  })
})

describe('several runs', () => {
  test('of the same image make each step once, and one artifact', async () => {
    const { log, directory, events } = await bench()
    const options = {
      directory,
      stateDirectory: join(directory, '.imago'),
      cache: true,
      onEvent: (event: BuildEvent) => void events.push(event),
    }
    const runs = Array.from({ length: 20 }, async () => await run(image(log, puts(log, { a: '1', b: '1' })), options))
    const statuses = (await Promise.all(runs)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['succeeded']))
    expect(log).toEqual({ ran: ['a', 'b'], made: 1 })
  })

  test('of images that begin alike make the common steps once', async () => {
    const { log, directory } = await bench()
    const one = (last: string): Image =>
      defineImage({
        name: 'cow',
        builders: { box: box(log, { output: `${last}.txt` }) },
        provisioners: puts(log, { a: '1', b: '1', [last]: '1' }),
      })
    const options = { directory, stateDirectory: join(directory, '.imago'), cache: true }
    await Promise.all(['x', 'y', 'z'].map(async (last) => await run(one(last), options)))
    expect(log.ran.toSorted()).toEqual(['a', 'b', 'x', 'y', 'z'])
    expect(await readFile(join(directory, 'y.txt'), 'utf8')).toBe('a: 1\nb: 1\ny: 1\n')
  })
})
