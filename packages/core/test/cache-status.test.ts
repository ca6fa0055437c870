import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Image, Provisioner } from '../src/index.ts'
import { cacheStatus, defineImage, pruneCache, run, secret } from '../src/index.ts'
import type { BoxLog } from './box.ts'
import { box, put } from './box.ts'
import { runOptions, step } from './fixtures.ts'

const log: BoxLog = { ran: [], made: 0 }

function image(provisioners: readonly Provisioner[], base = 'one'): Image {
  return defineImage({ name: 'cow', builders: { box: box(log, { base }) }, provisioners })
}

/** Says of each step whether it would run, and why, after some image was built. */
async function bench(built: (directory: string) => Image): Promise<{
  readonly directory: string
  readonly stateDirectory: string
  readonly why: (changed: Image) => Promise<readonly string[]>
}> {
  const { directory, stateDirectory } = await runOptions()
  await run(built(directory), { directory, stateDirectory, cache: true })
  const why = async (changed: Image): Promise<readonly string[]> => {
    const [status] = await cacheStatus(changed, { directory, stateDirectory })
    if (status?.upToDate) return ['up to date']
    return (status?.steps ?? []).map(({ state, because }) => `${state}${because === undefined ? '' : `: ${because}`}`)
  }
  return { directory, stateDirectory, why }
}

const steps = (texts: Readonly<Record<string, string>>): Provisioner[] =>
  Object.entries(texts).map(([file, text]) => put(log, { file, text }))

test('says what is cached, and which change makes a step run', async () => {
  const { why, directory } = await bench(() => image(steps({ a: '1', b: '1', c: '1' })))
  expect(await why(image(steps({ a: '1', b: '1', c: '1' })))).toEqual(['up to date'])
  expect(await why(image(steps({ a: '1', b: '2', c: '1', d: '1' })))).toEqual([
    'cached',
    'will-run: options.text: "1" → "2"',
    'will-run: a step before it runs',
    'will-run: it is new',
  ])
  expect(await why(image(steps({ a: '1' }), 'two'))).toEqual(['will-run: the start: base: "one" → "two"'])
  await rm(join(directory, 'box.txt'))
  expect(await why(image(steps({ a: '1', b: '1', c: '1' })))).toEqual(['cached', 'cached', 'cached'])
})

test('names a file that has changed', async () => {
  const same = (): Image => image([put(log, { file: 'a', source: 'a.txt' })])
  const options = await runOptions()
  await writeFile(join(options.directory, 'a.txt'), '1')
  await run(same(), { ...options, cache: true })
  await writeFile(join(options.directory, 'a.txt'), '2')
  const [status] = await cacheStatus(same(), options)
  expect(status?.steps[0]?.because).toMatch(/^a\.txt: [0-9a-f]{12} → [0-9a-f]{12}$/)
})

test('says why a step always runs', async () => {
  const same = (): Image => image([put(log, { file: 'a', cache: false }), put(log, { file: 'b' }), step(() => undefined)])
  const { why } = await bench(same)
  expect(await why(same())).toEqual([
    'will-run: cache: false',
    'will-run: it follows a step that always runs',
    "will-run: 'step' may do anything; cache: true says that it does not",
  ])
})

test('says that a snapshot is gone', async () => {
  const same = (): Image => image(steps({ a: '1' }))
  const { why, directory, stateDirectory } = await bench(same)
  const { snapshots } = box(log)
  await pruneCache({ stateDirectory, plugins: [{ name: 'box', resourceKinds: [], ...(snapshots && { snapshots: { box: snapshots } }) }] })
  await rm(join(directory, 'box.txt'))
  expect(await why(same())).toEqual(['will-run: there is no snapshot after it'])
})

test('tells no secret, and nothing of a build that never ran', async () => {
  const holding = (text: string): Image => image([put(log, { file: 'a', given: { token: secret(text) } } as Parameters<typeof put>[1])])
  const { why } = await bench(() => holding('hay-hay-hay'))
  expect(await why(holding('moo-moo-moo'))).toEqual(['will-run: options.given.token: another secret'])
  const options = await runOptions()
  expect(await cacheStatus(image([]), options)).toEqual([])
})
