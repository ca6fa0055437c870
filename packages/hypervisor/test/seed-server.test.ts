import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, onTestFinished, test } from 'vitest'

import type { SeedRequest, SeedServer, SeedServerOptions } from '../src/index.ts'
import { freePort, seedServer } from '../src/index.ts'
import { temporaryFolder } from './folder.ts'

async function started(options: SeedServerOptions): Promise<SeedServer> {
  const server = await seedServer(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

/** Asks as it stands: `fetch` would tidy the path up. */
function ask(server: SeedServer, path: string, options: { readonly method?: string; readonly range?: string } = {}): Promise<Answer> {
  const { method = 'GET', range } = options
  return new Promise((resolve, reject) => {
    request({ port: server.port, path, method, headers: { ...(range !== undefined && { range }) } }, (response) => {
      const { statusCode: status = 0, headers } = response
      text(response).then((body) => resolve({ status, body, headers }), reject)
    })
      .once('error', reject)
      .end()
  })
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

test('content and files are served below a path that cannot be guessed', async () => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, 'deep/er'), { recursive: true })
  await writeFile(join(directory, 'deep/er/a file.txt'), 'from the directory')
  await writeFile(join(directory, 'both.txt'), 'from the directory')
  const told: SeedRequest[] = []
  const server = await started({
    directory,
    content: (url) => ({
      'preseed.cfg': `d-i preseed/late_command string wget ${url}/x\n`,
      'both.txt': 'from content',
      'größe/b.txt': 'ü',
    }),
    hostSeenByGuest: '10.0.2.2',
    onRequest: (each) => void told.push(each),
  })
  const prefix = new URL(server.url).pathname
  expect(server.url).toBe(`http://10.0.2.2:${server.port}${prefix}`)
  expect(prefix).toMatch(/^\/[0-9a-f]{20}$/)
  expect(await ask(server, `${prefix}/preseed.cfg`)).toMatchObject({
    status: 200,
    body: `d-i preseed/late_command string wget ${server.url}/x\n`,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
  expect(await ask(server, `${prefix}/deep/er/a%20file.txt?query`)).toMatchObject({ status: 200, body: 'from the directory' })
  expect(await ask(server, `${prefix}//both.txt`)).toMatchObject({ status: 200, body: 'from content' })
  expect(await ask(server, `${prefix}/gr%C3%B6%C3%9Fe/b.txt`)).toMatchObject({ status: 200, body: 'ü' })
  expect(await ask(server, `${prefix}/preseed.cfg`, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  expect(await ask(server, `${prefix}/none.cfg`)).toMatchObject({ status: 404 })
  expect(await ask(server, '/preseed.cfg')).toMatchObject({ status: 404 })
  await expect.poll(() => told.length).toBe(7)
  expect(server.requests).toEqual(told)
  expect(told).toContainEqual({ method: 'GET', path: 'deep/er/a file.txt', status: 200 })
  expect(told).toContainEqual({ method: 'GET', path: '/preseed.cfg', status: 404 })
  expect((await started({})).url).not.toContain(prefix)
})

test('nothing outside of the directory is served, and nothing but files', async () => {
  const folder = await temporaryFolder()
  const directory = join(folder, 'served')
  await mkdir(join(directory, 'sub'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(directory, 'a.txt'), 'a')
  await symlink('a.txt', join(directory, 'link.txt'))
  const server = await started({ directory })
  const prefix = new URL(server.url).pathname
  const paths = [
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/a.txt%00',
    '/%zz',
    '/sub',
    '/sub/',
    '/',
    '',
    '/a.txt/b',
  ]
  const answers = await Promise.all(paths.map(async (path) => await ask(server, `${prefix}${path}`)))
  expect(answers.map(({ status, body }) => `${status}${body}`)).toEqual(paths.map(() => '404'))
  expect(await ask(server, `${prefix}/../..${folder}/secret.txt`)).toMatchObject({ status: 404 })
  expect(await ask(server, `${prefix}/link.txt`)).toMatchObject({ status: 200, body: 'a' }) // the user's own link
})

test('other methods are refused, and what is no HTTP ends nothing', async () => {
  const server = await started({ content: { a: 'a' } })
  const prefix = new URL(server.url).pathname
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    expect(await ask(server, `${prefix}/a`, { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  }
  const socket = createConnection(server.port)
  socket.end('\u0016\u0003\u0001 this is TLS\r\n\r\n')
  await text(socket)
  expect(await ask(server, `${prefix}/a`)).toMatchObject({ status: 200 })
})

test.each<[string, string, number, string, string | undefined]>([
  ['a part', 'bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['from somewhere on', 'bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['the end', 'bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['more than there is', 'bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ['more of the end than there is', 'bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['what is not there', 'bytes=10-', 416, '', 'bytes */10'],
  ['nothing of the end', 'bytes=-0', 416, '', 'bytes */10'],
  ['the wrong way round', 'bytes=4-2', 200, '0123456789', undefined],
  ['several parts', 'bytes=0-1,3-4', 200, '0123456789', undefined],
  ['another unit', 'lines=1-2', 200, '0123456789', undefined],
])('of a file can be had %s', async (_, range, status, body, contentRange) => {
  const directory = await temporaryFolder()
  await writeFile(join(directory, 'file'), '0123456789')
  const server = await started({ directory, content: { text: '0123456789' } })
  for (const name of ['file', 'text']) {
    const answer = await ask(server, `${new URL(server.url).pathname}/${name}`, { range })
    expect(answer).toMatchObject({ status, body })
    expect(answer.headers['content-range']).toBe(contentRange)
  }
})

test('the summary says what the guest has fetched, and what it has asked for in vain', async () => {
  const server = await started({ content: { 'preseed.cfg': 'x', 'late.sh': 'y' } })
  const prefix = new URL(server.url).pathname
  expect(server.summary()).toBe(`the guest has asked for nothing at ${server.url}`)
  await ask(server, `${prefix}/preesed.cfg`)
  await expect.poll(() => server.summary()).toBe(`the guest has asked in vain for 'preesed.cfg' at ${server.url}`)
  await ask(server, `${prefix}/preseed.cfg`)
  await ask(server, `${prefix}/preseed.cfg`)
  await expect
    .poll(() => server.summary())
    .toBe(`the guest has fetched 'preseed.cfg' and has asked in vain for 'preesed.cfg' at ${server.url}`)
})

test('it listens where and on which ports it is told, and not longer than it is needed', async () => {
  const port = await freePort()
  const server = await seedServer({ content: { a: 'a' }, ports: [port, port] })
  expect(server.port).toBe(port)
  await expect(seedServer({ ports: [port, port] })).rejects.toMatchObject({
    code: 'NETWORK',
    message: `port ${port} of 127.0.0.1 is taken`,
  })
  await expect(seedServer({ bindAddress: '192.0.2.1' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  const idle = createConnection(port)
  await new Promise((resolve) => idle.once('connect', resolve))
  idle.on('error', () => undefined)
  await server[Symbol.asyncDispose]()
  await expect(fetch(`${server.url}/a`)).rejects.toThrow('fetch failed')
})

test('a guest that hangs up in the middle is no failure', async () => {
  const server = await started({ content: { large: 'x'.repeat(5_000_000), small: 'y' } })
  const prefix = new URL(server.url).pathname
  const socket = createConnection(server.port)
  socket.on('error', () => undefined)
  socket.write(`GET ${prefix}/large HTTP/1.1\r\nhost: a\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  socket.destroy()
  await expect.poll(() => server.requests.length).toBe(1)
  expect(await ask(server, `${prefix}/small`)).toMatchObject({ status: 200, body: 'y' })
})
