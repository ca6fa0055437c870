import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { FetchedSource } from '../src/index.ts'
import { bench, content, digestOf, sha256 } from './fetch-bench.ts'
import { fetchProcess, messageFrom } from './fetch-process.ts'
import type { Identity } from './file-server.ts'
import { fileServer } from './file-server.ts'

const skipped = reasonToSkip({ openssl: 'openssl version' })

/** An authority of the test's own, and a server's certificate that it has signed. */
async function makeAuthority(directory: string): Promise<{ readonly authority: string; readonly identity: Identity }> {
  const at = (name: string): string => join(directory, name)
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=an authority', '-days', '2')
  openssl('req', ...newKey, '-keyout', at('key'), '-out', at('request'), '-subj', '/CN=a server')
  await writeFile(at('extensions'), 'subjectAltName=IP:127.0.0.1\n')
  const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('extensions')]
  openssl('x509', '-req', '-in', at('request'), ...signing, '-out', at('cert'))
  return { authority: at('ca.pem'), identity: { key: await readFile(at('key'), 'utf8'), cert: await readFile(at('cert'), 'utf8') } }
}

describe.skipIf(skipped !== '')(`a server that speaks TLS${skipped}`, () => {
  test('is asked where its authority is trusted, also for the rest of a file; elsewhere the error says what to do', async () => {
    const { directory, cacheDirectory, fetch } = await bench()
    const { authority, identity } = await makeAuthority(directory)
    const server = await fileServer((index) => ({ content, etag: '"1"', ...(index === 0 && { cutAfter: 100_000 }) }), identity)
    const source = { url: `${server.url}/a.iso`, checksum: digestOf(content) }
    await expect(fetch(source)).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringMatching(/^cannot download 'https:\/\/127\.0\.0\.1:\d+\/a\.iso': .*certificate/),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS='),
    })
    expect(server.asked).toEqual([])

    const child = fetchProcess({ source, cacheDirectory, env: { NODE_EXTRA_CA_CERTS: authority } })
    const fetched = await messageFrom(child, (message) => ('fetched' in message ? (message.fetched as FetchedSource) : undefined)) // its own
    expect(fetched.sha256).toBe(sha256)
    expect((await readFile(fetched.path)).equals(content)).toBe(true)
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
  })
})
