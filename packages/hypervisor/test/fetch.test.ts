import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, test } from 'vitest'

import { bench, content, digestOf, other, sha256 } from './fetch-bench.ts'
import type { Reply } from './file-server.ts'
import { fileServer } from './file-server.ts'

describe('local files', () => {
  test('are used where they are, by path or URL, and checked', async () => {
    const { directory, fetch } = await bench()
    const path = join(directory, 'a disk.raw')
    await writeFile(path, content)
    expect(await fetch({ url: 'a disk.raw' })).toEqual({ path, sha256 })
    expect(await fetch({ url: pathToFileURL(path).href, checksum: digestOf(content, 'sha512') })).toEqual({ path, sha256 })
    expect(await fetch({ url: path, checksum: 'none' })).toEqual({ path })
    expect(await readdir(directory)).toEqual(['a disk.raw'])
  })

  test('a wrong checksum is an error with both, and so is a file that is not there or is none', async () => {
    const { directory, fetch } = await bench()
    await writeFile(join(directory, 'a.iso'), other)
    await expect(fetch({ url: 'a.iso' })).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: `'${join(directory, 'a.iso')}' has the checksum ${digestOf(other)}, and ${digestOf(content)} is expected`,
    })
    await expect(fetch({ url: 'b.iso' })).rejects.toMatchObject({ code: 'INPUT_MISSING', message: expect.stringContaining("'b.iso'") })
    await expect(fetch({ url: directory })).rejects.toMatchObject({ code: 'INPUT_MISSING', message: `'${directory}' is not a file` })
  })
})

describe('a server', () => {
  test('is asked once; the file is checked, kept, and named as it was', async () => {
    const { cacheDirectory, progress, fetch } = await bench()
    const server = await fileServer(() => ({ content }))
    const first = await fetch({ url: `${server.url}/images/a%20disk.qcow2?token=1`, checksum: digestOf(content, 'md5') })
    expect(first.sha256).toBe(sha256)
    expect(first.path).toBe(join(cacheDirectory, `md5-${digestOf(content, 'md5').slice(4)}.qcow2`))
    expect((await readFile(first.path)).equals(content)).toBe(true)
    expect(progress[0]).toMatchObject({ task: 'download a disk.qcow2', total: 300_000, unit: 'bytes' })
    expect(progress.at(-1)).toMatchObject({ done: 300_000, total: 300_000 })

    // from another mirror of the same file too
    expect(await fetch({ url: 'http://127.0.0.1:1/b.qcow2', checksum: digestOf(content, 'md5') })).toEqual(first)
    expect(server.asked.length).toBe(1)
  })

  test('gets the name and password of the URL, which no message and no file shows', async () => {
    const { cacheDirectory, fetch } = await bench()
    const server = await fileServer((_, { headers }) => ({ content, status: headers.authorization === undefined ? 401 : 200 }))
    const { host } = new URL(server.url)
    await fetch({ url: `http://us%3Aer:pa%40ss@${host}/a.iso` })
    expect(
      (await Promise.all((await readdir(cacheDirectory)).map((name) => readFile(join(cacheDirectory, name), 'latin1')))).join(),
    ).not.toContain('pa%40ss')
    expect(Buffer.from(server.asked[0]?.authorization?.slice('Basic '.length) ?? '', 'base64').toString()).toBe('us:er:pa@ss')
    await server.stop()
    await expect(fetch({ url: `http://user:pass@${host}/a.iso?token=secret`, checksum: digestOf(other) })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/^cannot download 'http:\/\/127\.0\.0\.1:\d+\/a\.iso\?…': connect ECONNREFUSED/),
    })
  })

  test.each<[string, (index: number) => Partial<Reply>, readonly (string | undefined)[]]>([
    ['with an ETag', () => ({ etag: '"1"' }), ['"1"']],
    ['with a date', () => ({ lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' }), ['Thu, 01 Jan 2026 00:00:00 GMT']],
    ['with a weak ETag', () => ({ etag: 'W/"1"' }), [undefined]],
    ['with nothing to know the file by', () => ({}), [undefined]],
  ])('%s that breaks off is asked for the rest', async (_, reply, ifRange) => {
    const { fetch, endings } = await bench()
    const server = await fileServer((index) => ({ content, ...reply(index), ...(index === 0 && { cutAfter: 100_000 }) }))
    const { path } = await fetch({ url: `${server.url}/a.iso` })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
    expect(server.asked.slice(1).map((asked) => asked.ifRange)).toEqual(ifRange)
    expect(await endings()).toEqual(['.iso', '.iso.json'])
  })

  test('that breaks off again and again is asked as long as there is more each time', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content, etag: '"1"', cutAfter: 40_000 }))
    const { path } = await fetch({ url: `${server.url}/a.iso` })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(server.asked.length).toBeGreaterThan(5)
  })

  test('that falls silent is asked for the rest', async () => {
    const { fetch } = await bench()
    const server = await fileServer((index) => ({ content, ...(index === 0 && { stallAfter: 100_000 }) }))
    const { sha256: got } = await fetch({ url: `${server.url}/a.iso` }, { stallTimeoutMs: 200 })
    expect(got).toBe(sha256)
    expect(server.asked.length).toBe(2)
  })

  test('that does not know ranges sends all of it again', async () => {
    const { fetch } = await bench()
    const server = await fileServer((index) => ({ content, ignoresRange: true, ...(index < 2 && { cutAfter: 100_000 }) }))
    const { path } = await fetch({ url: `${server.url}/a.iso` })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(server.asked.length).toBe(3)
  })

  test('whose file changes in the middle sends the new one, whether it looks at If-Range or not', async () => {
    for (const ignoresIfRange of [false, true]) {
      const { fetch } = await bench()
      const server = await fileServer((index) =>
        index === 0 ? { content: other, etag: '"old"', cutAfter: 100_000 } : { content, etag: '"new"', ignoresIfRange },
      )
      const { path } = await fetch({ url: `${server.url}/a.iso` })
      expect((await readFile(path)).equals(content)).toBe(true)
    }
  })

  test('that goes on at another place, or is about another file, is asked again from the beginning', async () => {
    for (const wrong of [{ startsAt: 7 }, { content: content.subarray(0, 200_000) }] satisfies readonly Partial<Reply>[]) {
      const { fetch } = await bench()
      const server = await fileServer((index) => ({ content, ...(index === 0 && { cutAfter: 100_000 }), ...(index === 1 && wrong) }))
      const { path } = await fetch({ url: `${server.url}/a.iso` })
      expect((await readFile(path)).equals(content)).toBe(true)
      expect(server.asked.at(-1)?.range).toBeUndefined()
    }
  })

  test('that does not say how long the file is', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content, chunked: true }))
    expect((await fetch({ url: `${server.url}/a.iso` })).sha256).toBe(sha256)
  })

  test('that never has more is given up, and the message says where it ended', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content, ignoresRange: true, cutAfter: 65_536 }))
    await expect(fetch({ url: `${server.url}/a.iso` })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/^cannot download 'http:\/\/127\.0\.0\.1:\d+\/a\.iso': it broke off after \d+ of 300000 bytes: /),
    })
    expect(server.asked.length).toBe(6)
  })

  test('that has nothing, or is encoded, or is not there', async () => {
    const { fetch } = await bench()
    const fail = async (reply: Partial<Reply>): Promise<number> => {
      const server = await fileServer(() => ({ content, ...reply }))
      await expect(fetch({ url: `${server.url}/a.iso` })).rejects.toMatchObject({
        code: 'NETWORK',
        message: expect.stringContaining(reply.status === undefined ? 'encoded (gzip)' : `the server answered ${reply.status}`),
      })
      return server.asked.length
    }
    expect(await fail({ status: 404 })).toBe(1)
    expect(await fail({ status: 403 })).toBe(1)
    expect(await fail({ status: 503 })).toBe(5)
    expect(await fail({ headers: { 'content-encoding': 'gzip' } })).toBe(1)
    await expect(fetch({ url: 'http://nowhere.invalid/a.iso' })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/getaddrinfo \w+ nowhere\.invalid/),
    })
  })

  test('whose file is the wrong one is not asked again, and nothing of it is kept', async () => {
    const { fetch, endings } = await bench()
    const server = await fileServer(() => ({ content: other }))
    await expect(fetch({ url: `${server.url}/a.iso` })).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: `'${server.url}/a.iso' has the checksum ${digestOf(other)}, and ${digestOf(content)} is expected`,
    })
    expect(server.asked.length).toBe(1)
    expect(await endings()).toEqual([])
  })

  test('a file in the cache that was changed since is downloaded again', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content }))
    const { path } = await fetch({ url: `${server.url}/a.iso` })
    await writeFile(path, other)
    expect((await fetch({ url: `${server.url}/a.iso` })).sha256).toBe(sha256)
    expect((await readFile(path)).equals(content)).toBe(true)
    await utimes(path, 0, 0) // another time, but the same content: read, and kept
    expect((await fetch({ url: `${server.url}/a.iso` })).sha256).toBe(sha256)
    expect(server.asked.length).toBe(2)
  })
})

describe('several sources', () => {
  test('are tried in order, and those that fail are named', async () => {
    const { texts, fetch } = await bench()
    const none = await fileServer(() => ({ content, status: 404 }))
    const wrong = await fileServer(() => ({ content: other }))
    const right = await fileServer(() => ({ content }))
    const { sha256: got } = await fetch({ url: ['missing.iso', `${none.url}/a.iso`, `${wrong.url}/a.iso`, `${right.url}/a.iso`] })
    expect(got).toBe(sha256)
    expect(texts).toEqual([
      expect.stringMatching(/^cannot read 'missing\.iso': .*; trying the next source$/),
      expect.stringMatching(/the server answered 404 Not Found; trying the next source$/),
      expect.stringMatching(/has the checksum sha256:.*; trying the next source$/),
    ])
  })

  test('the next one goes on where the one before broke off for good', async () => {
    const { fetch } = await bench()
    const broken = await fileServer((index) => (index === 0 ? { content, etag: '"a"', cutAfter: 100_000 } : { content, status: 500 }))
    const right = await fileServer(() => ({ content, etag: '"b"' }))
    const { path } = await fetch({ url: [`${broken.url}/a.iso`, `${right.url}/a.iso`] })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(right.asked).toEqual([expect.objectContaining({ range: expect.stringMatching(/^bytes=\d+-$/), ifRange: undefined })])
  })

  test('parts that do not make the right file are thrown away, and it is downloaded in one piece', async () => {
    const { fetch } = await bench()
    const broken = await fileServer((index) => (index === 0 ? { content: other, cutAfter: 100_000 } : { content, status: 500 }))
    const right = await fileServer(() => ({ content }))
    const { path } = await fetch({ url: [`${broken.url}/a.iso`, `${right.url}/a.iso`] })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(right.asked.map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=\d+-$/), undefined])
  })

  test('when none can be used, the error says why of each; a wrong checksum counts most', async () => {
    const { fetch } = await bench()
    const none = await fileServer(() => ({ content, status: 404 }))
    const wrong = await fileServer(() => ({ content: other }))
    const failed = fetch({ url: [`${none.url}/a.iso`, `${wrong.url}/a.iso`] })
    await expect(failed).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringMatching(
        /^no source can be used:\n {2}cannot download .* answered 404 Not Found\n {2}.* has the checksum sha256:/,
      ),
    })
  })
})

describe('a source that is not checked', () => {
  test('is asked for each time, and downloaded when it has changed', async () => {
    const { fetch } = await bench()
    let reply: Reply = { content, etag: '"1"' }
    const server = await fileServer(() => reply)
    const source = { url: `${server.url}/a.iso`, checksum: 'none' } as const
    const { path } = await fetch(source)
    const { mtimeMs } = await stat(path)
    expect(await fetch(source)).toEqual({ path, sha256 })
    expect((await stat(path)).mtimeMs).toBe(mtimeMs)
    reply = { content: other, etag: '"2"' }
    await fetch(source)
    expect((await readFile(path)).equals(other)).toBe(true)
  })

  test('is taken from the cache when the server does not answer, with a warning', async () => {
    const { texts, fetch } = await bench()
    const server = await fileServer(() => ({ content, lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' }))
    const source = { url: `${server.url}/a.iso`, checksum: 'none' } as const
    const first = await fetch(source)
    await server.stop()
    expect(await fetch(source)).toEqual(first)
    expect(texts).toEqual([expect.stringMatching(/^cannot ask whether 'http.*a\.iso' has changed: .*; taking the copy from the cache$/)])
  })

  test('goes on within a run only when the server says that it is the same file', async () => {
    const { fetch } = await bench()
    const known = await fileServer((index) => ({ content, etag: '"1"', ...(index === 0 && { cutAfter: 100_000 }) }))
    expect((await fetch({ url: `${known.url}/a.iso`, checksum: 'none' })).sha256).toBe(sha256)
    expect(known.asked[1]?.range).toBeDefined()
    const unknown = await fileServer((index) => ({ content, ...(index === 0 && { cutAfter: 100_000 }) }))
    expect((await fetch({ url: `${unknown.url}/a.iso`, checksum: 'none' })).sha256).toBe(sha256)
    expect(unknown.asked[1]?.range).toBeUndefined()
  })
})

describe('checksums from a file', () => {
  const sums = (text: string): Promise<{ readonly url: string }> =>
    fileServer((_, { url }) => ({ content: url === '/images/a.iso' ? content : Buffer.from(text) }))

  test.each<[string, string]>([
    ['as sha256sum writes it', `${digestOf(other).slice(7)}  b.iso\n${sha256}  a.iso\n`],
    ['in binary mode, with a path', `${digestOf(other).slice(7)} *old/a.iso\n${sha256} *./images/a.iso\n`],
    ['with a tag', `SHA256 (a.iso) = ${sha256}\nSHA256 (b.iso) = ${digestOf(other).slice(7)}\n`],
    ['with several digests', `MD5 (a.iso) = ${'0'.repeat(32)}\nSHA512 (a.iso) = ${digestOf(content, 'sha512').slice(7)}\n`],
    ['a digest alone, in capitals', `${sha256.toUpperCase()}\n`],
    [
      'within a signed text',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a.iso: 300000 bytes\nSHA256 (a.iso) = ${sha256}\n-----BEGIN PGP SIGNATURE-----\n`,
    ],
    ['with line ends of Windows', `${sha256}  a.iso\r\n`],
  ])('%s', async (_, text) => {
    const { fetch } = await bench()
    const { url } = await sums(text)
    expect((await fetch({ url: `${url}/images/a.iso`, checksum: { url: `${url}/SHA256SUMS` } })).sha256).toBe(sha256)
  })

  test('that is a local file, for a local file', async () => {
    const { directory, fetch } = await bench()
    await mkdir(join(directory, 'images'))
    await writeFile(join(directory, 'images/a.iso'), content)
    await writeFile(join(directory, 'SUMS'), `${sha256}  a.iso\n`)
    expect((await fetch({ url: 'images/a.iso', checksum: { url: 'SUMS' } })).sha256).toBe(sha256)
  })

  test('that does not name the source, names it twice, or is none', async () => {
    const { fetch } = await bench()
    const failure = async (text: string): Promise<{ readonly message: string; readonly hint: string | undefined }> => {
      const { url } = await sums(text)
      const error: unknown = await fetch({ url: `${url}/images/a.iso`, checksum: { url: `${url}/SUMS` } }).catch(
        (thrown: unknown) => thrown,
      )
      return error as { message: string; hint: string | undefined }
    }
    expect(await failure(`${sha256}  aa.iso\n`)).toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringMatching(/^the checksums at 'http.*\/SUMS' have none for 'a\.iso'$/),
      hint: "did you mean 'aa.iso'?",
    })
    expect(await failure('<html>')).toMatchObject({ code: 'INPUT_MISSING', hint: 'it is no file of checksums' })
    expect(await failure(`${sha256}  x/a.iso\n${digestOf(other).slice(7)}  y/a.iso\n`)).toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringContaining("have several for 'a.iso'"),
    })
  })

  test('that cannot be had', async () => {
    const { fetch } = await bench()
    const server = await fileServer(() => ({ content, status: 404 }))
    await expect(fetch({ url: 'a.iso', checksum: { url: `${server.url}/SUMS` } })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('/SUMS'),
    })
    await expect(fetch({ url: 'a.iso', checksum: { url: 'SUMS' } })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })
})
