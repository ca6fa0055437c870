import { setMaxListeners } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { withFileLock } from './file-lock.ts'
import { processOwner } from './process-owner.ts'
import { wait } from './wait.ts'
import { temporaryDirectory } from '../test/fixtures.ts'

const { signal } = new AbortController()
setMaxListeners(0, signal)

test('one at a time, and nothing is left', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory, 'x.lock')
  const counter = join(directory, 'counter')
  await writeFile(counter, '0')
  const increment = () =>
    withFileLock(path, { signal }, async () => {
      const value = Number(await readFile(counter, 'utf8'))
      await wait(1, signal)
      await writeFile(counter, String(value + 1))
    })
  await Promise.all(Array.from({ length: 30 }, increment))
  expect(await readFile(counter, 'utf8')).toBe('30')
  expect(await readdir(directory)).toEqual(['counter'])
})

test('the lock of a process that is gone is taken over at once, by one of many', async () => {
  const path = join(await temporaryDirectory(), 'x.lock')
  await writeFile(path, `${processOwner().replace(/\/\d+\/\d+$/, '/1/0')} crashed`)
  let inside = 0
  const work = () =>
    withFileLock(path, { signal, timeoutMs: 5000 }, async () => {
      expect(++inside).toBe(1)
      await wait(1, signal)
      inside--
    })
  await Promise.all(Array.from({ length: 10 }, work))
})

test('waiting is bounded, and ends when the signal falls', async () => {
  const path = join(await temporaryDirectory(), 'x.lock')
  await writeFile(path, `${processOwner()} mine`)
  const started = () => Promise.reject(new Error('must not be called'))
  await expect(withFileLock(path, { signal, timeoutMs: 20 }, started)).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect(withFileLock(path, { signal: AbortSignal.abort() }, started)).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await readFile(path, 'utf8')).toContain('mine')
})

test('a failure of the work releases the lock', async () => {
  const path = join(await temporaryDirectory(), 'x.lock')
  await expect(withFileLock(path, { signal }, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await withFileLock(path, { signal, timeoutMs: 100 }, () => Promise.resolve('free'))).toBe('free')
})

test('a folder that is not there is said to be so', async () => {
  await expect(withFileLock('/nonexistent/x.lock', { signal }, () => Promise.resolve())).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})
