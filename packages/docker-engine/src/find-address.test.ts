import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { findAddress } from './find-address.ts'

let config = ''
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), 'imago-engine-'))
})
afterEach(async () => await rm(config, { recursive: true }))

async function context(name: string, host: string, more: object = {}): Promise<string> {
  const id = createHash('sha256').update(name).digest('hex')
  await mkdir(join(config, 'contexts/meta', id), { recursive: true })
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false, ...more } } }
  await writeFile(join(config, 'contexts/meta', id, 'meta.json'), JSON.stringify(meta))
  return id
}

const env = (more: Record<string, string> = {}): Record<string, string> => ({ DOCKER_CONFIG: config, ...more })

test('the options come before everything else', async () => {
  await context('far', 'ssh://far.test')
  const all = env({ DOCKER_HOST: 'tcp://env.test', DOCKER_CONTEXT: 'far' })
  expect(await findAddress({ host: 'tcp://option.test:1' }, all)).toMatchObject({ endpoint: 'tcp://option.test:1' })
  expect(await findAddress({ context: 'far' }, all)).toMatchObject({ endpoint: 'ssh://far.test' })
  expect(await findAddress({ host: 'context://far' }, all)).toMatchObject({ endpoint: 'ssh://far.test' })
})

test('then DOCKER_HOST, then DOCKER_CONTEXT, then the current context', async () => {
  await context('far', 'ssh://far.test')
  await context('near', 'unix:///near.sock')
  await writeFile(join(config, 'config.json'), JSON.stringify({ currentContext: 'near' }))
  expect(await findAddress({}, env({ DOCKER_HOST: 'tcp://env.test', DOCKER_CONTEXT: 'far' }))).toMatchObject({ host: 'env.test' })
  expect(await findAddress({ context: 'default' }, env({ DOCKER_HOST: 'tcp://env.test', DOCKER_CONTEXT: 'far' }))).toMatchObject({
    host: 'env.test',
  })
  expect(await findAddress({}, env({ DOCKER_CONTEXT: 'far' }))).toMatchObject({ host: 'far.test' })
  expect(await findAddress({}, env())).toMatchObject({ kind: 'socket', path: '/near.sock' })
})

test('a context brings its certificates, and is found again by its endpoint', async () => {
  const id = await context('secure', 'tcp://secure.test:2376')
  await mkdir(join(config, 'contexts/tls', id, 'docker'), { recursive: true })
  await writeFile(join(config, 'contexts/tls', id, 'docker/ca.pem'), 'CA')
  const found = await findAddress({ context: 'secure' }, env())
  expect(found).toMatchObject({ kind: 'tcp', endpoint: 'context://secure', tls: { ca: 'CA', rejectUnauthorized: true } })
  expect(await findAddress({ host: found.endpoint }, env())).toEqual(found)
  await context('careless', 'tcp://careless.test', { SkipTLSVerify: true })
  expect(await findAddress({ context: 'careless' }, env())).toMatchObject({ port: 2376, tls: { rejectUnauthorized: false } })
})

test('DOCKER_TLS_VERIFY takes the certificates of DOCKER_CERT_PATH', async () => {
  for (const name of ['ca', 'cert', 'key']) await writeFile(join(config, `${name}.pem`), name)
  const found = await findAddress({}, env({ DOCKER_HOST: 'tcp://secure.test', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: config }))
  expect(found).toMatchObject({ port: 2376, tls: { ca: 'ca', cert: 'cert', key: 'key', rejectUnauthorized: true } })
  expect(await findAddress({}, env({ DOCKER_HOST: 'tcp://secure.test' }))).toMatchObject({ port: 2375, tls: undefined })
})

test('a context that does not exist, and a broken configuration, are errors', async () => {
  await expect(findAddress({ context: 'none' }, env())).rejects.toMatchObject({
    code: 'USAGE',
    message: "there is no Docker context 'none'",
  })
  await writeFile(join(config, 'config.json'), '{')
  await expect(findAddress({}, env())).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('is not JSON') })
})

test('the first socket that answers is taken, where nothing is named', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(join(config, 'docker.sock'), resolve))
  try {
    const found = await findAddress({}, env({ XDG_RUNTIME_DIR: config }))
    expect(['/var/run/docker.sock', join(config, 'docker.sock')]).toContain('path' in found ? found.path : '')
  } finally {
    server.close()
  }
})
