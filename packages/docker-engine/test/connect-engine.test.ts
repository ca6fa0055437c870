import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'

import { isImagoError, messageOf } from '@imago/core'
import { packContent } from '@imago/tar'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { Engine } from '../src/index.ts'
import { connectEngine } from '../src/index.ts'
import { skipWithout } from '../../../test/requirement.ts'

/** The program that makes certificates. */
const openssl = '/usr/bin/openssl'
const found = await findEngine()

async function findEngine(): Promise<{ readonly socket?: string; readonly reason?: string }> {
  try {
    const engine = await connectEngine()
    engine.close()
    return engine.endpoint.startsWith('unix://')
      ? { socket: engine.endpoint.slice('unix://'.length) }
      : { reason: 'the engine is far away' }
  } catch (error) {
    const reason = `no Docker engine: ${messageOf(error)}`
    skipWithout('docker', reason)
    return { reason }
  }
}

const { socket = '', reason } = found

describe.skipIf(reason !== undefined)(`an engine${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let folder = ''
  const servers: Server[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-connect-'))
  })
  afterAll(async () => {
    for (const server of servers) server.close()
    await rm(folder, { recursive: true })
  })

  /** Serves the engine on a port of this machine; answers with the port. */
  async function serve(server: Server): Promise<number> {
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port // it listens on a port
  }

  function bridge(connection: NodeJS.ReadWriteStream): void {
    const engine = createConnection({ path: socket, allowHalfOpen: true })
    connection.pipe(engine).pipe(connection)
    for (const stream of [connection, engine]) stream.on('error', () => engine.destroy())
  }

  /** What builds need of a connection: answers, an upload, and a connection in both directions. */
  async function use(engine: Engine): Promise<string> {
    const name = `imago-test-connect-${process.pid}-${Date.now()}`
    const image = await engine.images.import(packContent('file', 'moo'), { changes: ['CMD ["/file"]'] })
    try {
      const container = await engine.containers.create({ name, image, command: ['/file'] })
      await engine.containers.putArchive(container, '/', packContent('other', 'x'))
      const there = await engine.containers.stat(name, '/other')
      await engine.containers.remove(container)
      return `${there?.kind} ${(await engine.containers.inspect(container)) === undefined ? 'gone' : 'there'}`
    } finally {
      await engine.images.remove(image, { force: true })
      engine.close()
    }
  }

  test('answers at its socket', async () => {
    const engine = await connectEngine({ host: `unix://${socket}` })
    expect(await engine.version()).toMatchObject({ os: 'linux' })
    expect(await use(engine)).toBe('file gone')
  })

  test('answers at a port', async () => {
    const port = await serve(createServer({ allowHalfOpen: true }, bridge))
    expect(await use(await connectEngine({ host: `tcp://127.0.0.1:${port}` }))).toBe('file gone')
  })

  test('answers over SSH, by the ssh program', async () => {
    const ssh = join(folder, 'ssh')
    const script = `#!${process.execPath}
const wanted = ['-T', '-o', 'ConnectTimeout=30', '-l', 'me', '-p', '2222', '--', 'far.test', 'docker', 'system', 'dial-stdio']
if (JSON.stringify(process.argv.slice(2)) !== JSON.stringify(wanted)) { console.error('wrong arguments: ' + process.argv.slice(2)); process.exit(255) }
const engine = require('node:net').createConnection({ path: ${JSON.stringify(socket)}, allowHalfOpen: true })
process.stdin.pipe(engine).pipe(process.stdout)
`
    await writeFile(ssh, script)
    await chmod(ssh, 0o755)
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
    try {
      expect(await use(await connectEngine({ host: 'ssh://me@far.test:2222' }))).toBe('file gone')
      await expect(connectEngine({ host: 'ssh://far.test' })).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        message: expect.stringContaining('wrong arguments'),
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test.skipIf(!hasOpenssl())(
    `answers over TLS, to those whom it knows and who know it${hasOpenssl() ? '' : ' (skipped: no openssl)'}`,
    async () => {
      const file = (name: string): string => join(folder, name)
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
      execFileSync(
        openssl,
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-keyout',
          file('key.pem'),
          '-out',
          file('cert.pem'),
          ...subject,
        ],
        { stdio: 'ignore' },
      )
      const [cert, key] = [readFileSync(file('cert.pem')), readFileSync(file('key.pem'))]
      const port = await serve(
        createTlsServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true }, bridge),
      )
      await writeFile(file('ca.pem'), cert)
      vi.stubEnv('DOCKER_TLS_VERIFY', '1')
      vi.stubEnv('DOCKER_CERT_PATH', folder)
      try {
        expect(await use(await connectEngine({ host: `tcp://127.0.0.1:${port}` }))).toBe('file gone')
        vi.stubEnv('DOCKER_CERT_PATH', join(folder, 'none'))
        await expect(connectEngine({ host: `tcp://127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
      } finally {
        vi.unstubAllEnvs()
      }
    },
  )

  test('that does not exist is reported as such', async () => {
    for (const host of [`unix://${folder}/none.sock`, 'tcp://127.0.0.1:1']) {
      await expect(connectEngine({ host })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining(host) })
    }
  })

  test('that says nothing is given up when the signal aborts', async () => {
    const port = await serve(createServer(() => {}))
    const connecting = connectEngine({ host: `tcp://127.0.0.1:${port}` }, { signal: AbortSignal.timeout(50) })
    await expect(connecting).rejects.toSatisfy((error) => isImagoError(error, 'TIMEOUT'))
  })

  test('whose upload fails reports the upload’s own error', async () => {
    const engine = await connectEngine()
    const broken = packContent('a', 'x')
    broken.destroy(new Error('the disk is broken'))
    await expect(engine.images.import(broken)).rejects.toThrow('the disk is broken')
    engine.close()
  })
})

function hasOpenssl(): boolean {
  try {
    execFileSync(openssl, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
