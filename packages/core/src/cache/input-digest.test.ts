import { getEventListeners } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { inputDigest } from './input-digest.ts'

const linksOut = 'links'
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-digest-'))
  await mkdir(join(folder, 'tree'))
  for (let index = 0; index < 40; index++) await writeFile(join(folder, 'tree', `${index}`), `file ${index}`)
})
afterEach(async () => await rm(folder, { recursive: true, force: true }))

test('many digests at a time, of files and of trees, put no load of listeners on their signal', async () => {
  const { signal } = new AbortController()
  const most: number[] = []
  const watch = setInterval(() => most.push(getEventListeners(signal, 'abort').length), 0)
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    const files = Array.from({ length: 40 }, (_, index) => join(folder, 'tree', `${index}`))
    const digests = await Promise.all([...files, folder, folder].map((path) => inputDigest(path, { signal, linksOut })))
    expect(new Set(digests).size).toBe(41)
    await new Promise(setImmediate) // warnings are said in the next turn
    expect(warnings).toEqual([])
    expect(Math.max(0, ...most)).toBeLessThanOrEqual(10)
  } finally {
    clearInterval(watch)
    process.off('warning', onWarning)
  }
})

test('a signal ends it, before and in the middle', async () => {
  await expect(inputDigest(folder, { signal: AbortSignal.abort(), linksOut })).rejects.toMatchObject({ code: 'CANCELLED' })
  await writeFile(join(folder, 'large'), Buffer.alloc(64 << 20))
  const abort = new AbortController()
  const digesting = inputDigest(join(folder, 'large'), { signal: abort.signal, linksOut })
  setImmediate(() => abort.abort())
  await expect(digesting).rejects.toMatchObject({ code: 'CANCELLED' })
})
