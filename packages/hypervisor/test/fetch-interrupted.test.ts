import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { FetchedSource } from '../src/index.ts'
import { bench, content, digestOf, other, sha256 } from './fetch-bench.ts'
import { fetchProcess, messageFrom } from './fetch-process.ts'
import { fileServer } from './file-server.ts'

describe('several at once', () => {
  test('builds of one process download one file once', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content }))
    const fetched = await Promise.all(Array.from({ length: 5 }, () => fetch({ url: `${server.url}/a.iso` })))
    expect(new Set(fetched.map(({ path }) => path)).size).toBe(1)
    expect(server.asked.length).toBe(1)
  })

  test('builds of several processes too, and those that wait say so', async () => {
    const { cacheDirectory, texts, fetch } = await bench()
    const server = await fileServer((index) => ({ content, ...(index === 0 && { stallAfter: 100_000 }) }))
    const source = { url: `${server.url}/a.iso`, checksum: digestOf(content) }
    const first = fetchProcess({ source, cacheDirectory })
    await messageFrom(first, (message) => ('done' in message ? true : undefined))
    const waiting = [fetch(source), messageFrom(fetchProcess({ source, cacheDirectory }), fetchedIn)]
    await expect.poll(() => texts, { timeout: 5000 }).toEqual([expect.stringMatching(/^waiting for another build that downloads a\.iso /)])
    expect(server.asked.length).toBe(1)
    first.kill('SIGKILL')
    const [own] = await Promise.all(waiting)
    expect(own).toEqual({ path: expect.stringContaining(cacheDirectory), sha256 })
    expect(await waiting[1]).toEqual(own)
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
  })
})

describe('a download that ends too early', () => {
  test('in a process that is killed goes on in the next one', async () => {
    const { cacheDirectory, fetch, endings } = await bench()
    const server = await fileServer((index) => ({ content, etag: '"1"', ...(index === 0 && { stallAfter: 250_000 }) }))
    const source = { url: `${server.url}/a.iso`, checksum: digestOf(content) }
    const child = fetchProcess({ source, cacheDirectory })
    await messageFrom(child, (message) => ('done' in message && Number(message.done) > 200_000 ? true : undefined))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await endings()).toEqual(['.iso.lock', '.iso.partial', '.iso.partial.json'])

    const { path } = await fetch(source)
    expect((await readFile(path)).equals(content)).toBe(true)
    const [, resumed] = server.asked
    expect(Number(/^bytes=(\d+)-$/.exec(resumed?.range ?? '')?.[1])).toBeGreaterThan(200_000)
    expect(resumed?.ifRange).toBe('"1"')
    expect(await endings()).toEqual(['.iso', '.iso.json'])
  })

  test('and was complete but for its name is only checked', async () => {
    const { cacheDirectory, fetch } = await bench()
    const server = await fileServer(() => ({ content, etag: '"1"' }))
    const source = { url: `${server.url}/a.iso`, checksum: digestOf(content) }
    await mkdir(cacheDirectory)
    const partial = join(cacheDirectory, `sha256-${sha256}.iso.partial`)
    await writeFile(partial, content)
    await writeFile(
      `${partial}.json`,
      JSON.stringify({ source: createHash('sha256').update(source.url).digest('hex'), validators: { etag: '"1"' }, total: content.length }),
    )
    expect((await fetch(source)).sha256).toBe(sha256)
    expect(server.asked.map(({ range }) => range)).toEqual([`bytes=${content.length}-`])
  })

  test.each<[string, Buffer, string]>([
    ['of another file', other.subarray(0, 100_000), JSON.stringify({ source: 'elsewhere', validators: {} })],
    ['longer than the file', Buffer.concat([content, other]), JSON.stringify({ source: 'elsewhere', validators: {} })],
    ['with half a record', content.subarray(0, 100_000), '{"source":'],
  ])('and left a part %s begins again', async (_, part, record) => {
    const { cacheDirectory, fetch } = await bench()
    const server = await fileServer(() => ({ content }))
    await mkdir(cacheDirectory)
    const partial = join(cacheDirectory, `sha256-${sha256}.iso.partial`)
    await writeFile(partial, part)
    await writeFile(`${partial}.json`, record)
    const { path } = await fetch({ url: `${server.url}/a.iso` })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(server.asked.at(-1)?.range).toBeUndefined()
  })

  test('because it was cancelled leaves its part for the next run, and no lock', async () => {
    const { fetch, endings } = await bench()
    const server = await fileServer((index) => ({ content, ...(index === 0 && { stallAfter: 100_000 }) }))
    const cancelling = new AbortController()
    const fetching = fetch({ url: `${server.url}/a.iso` }, { signal: cancelling.signal })
    await expect.poll(() => server.asked.length).toBe(1)
    cancelling.abort()
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await endings()).filter((name) => name.endsWith('.lock'))).toEqual([])
    expect((await fetch({ url: `${server.url}/a.iso` })).sha256).toBe(sha256)
  })

  test('because it was cancelled while it waited for an answer, or before it began', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content, stallAfter: 0 }))
    const cancelling = new AbortController()
    const fetching = fetch({ url: `${server.url}/a.iso`, checksum: { url: `${server.url}/SUMS` } }, { signal: cancelling.signal })
    await expect.poll(() => server.asked.length).toBe(1)
    cancelling.abort()
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(fetch({ url: `${server.url}/a.iso` }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(server.asked.length).toBe(1)
  })

  test('because the cache cannot be written says so, and tries no other source', async () => {
    const { directory, fetch } = await bench()
    await writeFile(join(directory, 'file'), '')
    const server = await fileServer(() => ({ content }))
    const fetching = fetch({ url: [`${server.url}/a.iso`, `${server.url}/b.iso`] }, { cacheDirectory: join(directory, 'file/cache') })
    await expect(fetching).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(`cannot write to the cache '${join(directory, 'file/cache')}'`),
    })
    expect(server.asked.length).toBe(0)
  })
})

function fetchedIn(message: object): FetchedSource | undefined {
  return 'fetched' in message ? (message.fetched as FetchedSource) : undefined // sent by the process just so
}
