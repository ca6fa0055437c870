import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { loadScript } from './load-script.ts'

const text = '#!/bin/sh\r\necho hi\r\n'
const digest = createHash('sha256').update(text).digest('hex')
const signal = new AbortController().signal
const server = createServer((request, response) => {
  if (request.url === '/hang') return
  response.statusCode = request.url === '/install.sh' ? 200 : 404
  response.end(text)
})
let directory = ''
let url = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-load-'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true })
})

describe('loadScript', () => {
  test('reads and fetches, checks the digest of what came, and gives it Unix lines', async () => {
    await writeFile(join(directory, 'install.sh'), text)
    for (const script of ['install.sh', `${url}/install.sh`]) {
      for (const checksum of [digest, `sha256:${digest.toUpperCase()}`, 'none']) {
        expect(String(await loadScript({ script, checksum }, { directory, signal }))).toBe('#!/bin/sh\necho hi\n')
      }
    }
  })

  test('refuses another digest, and names both', async () => {
    const checksum = `sha256:${'0'.repeat(64)}`
    await expect(loadScript({ script: `${url}/install.sh`, checksum }, { directory, signal })).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: `the script '${url}/install.sh' has the SHA-256 ${digest}, not ${'0'.repeat(64)}`,
    })
  })

  test('says why it cannot', async () => {
    const load = (script: string): Promise<Buffer> => loadScript({ script, checksum: 'none' }, { directory, signal })
    await expect(load('gone.sh')).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(load(`${url}/gone.sh`)).rejects.toMatchObject({ code: 'NETWORK', message: expect.stringContaining('404') })
    await expect(load('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'NETWORK', message: expect.stringMatching(/fetched: .+/) })
  })

  test('ends with its signal', async () => {
    const abort = new AbortController()
    const arrived = once(server, 'request').then(() => abort.abort())
    await expect(loadScript({ script: `${url}/hang` }, { directory, signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    await arrived
  })
})
