import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { isSecret, reveal } from '@imago/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { RegistryCredentials } from './credentials.ts'
import { registryCredentials } from './credentials.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const shown = (credentials: RegistryCredentials | undefined): unknown =>
  credentials === undefined ? undefined : Object.fromEntries(Object.entries(credentials).map(([name, value]) => [name, reveal(value)]))

describe('registryCredentials', () => {
  let folder: string
  const configure = (config: object | string): Promise<void> =>
    writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  const find = async (registry: string): Promise<unknown> => shown(await registryCredentials(registry, { configDirectory: folder }))
  /** A helper that runs this as a shell script. */
  const helper = (name: string, script: string): Promise<void> =>
    writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-credentials-'))
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true })
  })

  it('finds nothing without a file', async () => {
    expect(await find('docker.io')).toBeUndefined()
  })

  it('reads what docker login wrote', async () => {
    await configure({
      auths: {
        'https://index.docker.io/v1/': { auth: base64('daisy:gr:ass') },
        'ghcr.io': { auth: base64('bella:hay!') },
        'https://old.example.com/v1/': { username: 'elsa', password: 'clover' },
        'token.example.com': { identitytoken: 'identity' },
        'example.com/team': { auth: base64('nobody:nothing') },
        'empty.example.com': {},
      },
    })
    expect(await find('docker.io')).toEqual({ username: 'daisy', password: 'gr:ass' })
    expect(await find('ghcr.io')).toEqual({ username: 'bella', password: 'hay!' })
    expect(await find('old.example.com')).toEqual({ username: 'elsa', password: 'clover' })
    expect(await find('token.example.com')).toEqual({ identityToken: 'identity' })
    for (const registry of ['example.com', 'empty.example.com', 'other.example.com']) expect(await find(registry)).toBeUndefined()
  })

  it('hides passwords', async () => {
    await configure({ auths: { 'ghcr.io': { auth: base64('bella:clover') } } })
    const credentials = await registryCredentials('ghcr.io', { configDirectory: folder })
    expect(credentials !== undefined && 'password' in credentials && isSecret(credentials.password)).toBe(true)
  })

  it('asks the helper of a registry, and the store for all others', async () => {
    await configure({ credHelpers: { 'ghcr.io': 'one' }, credsStore: 'two', auths: { 'ghcr.io': { auth: base64('old:outdated') } } })
    await helper('one', `read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"$1 $server\\",\\"Secret\\":\\"clover\\"}"`)
    await helper('two', `read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"token for $server\\"}"`)
    expect(await find('ghcr.io')).toEqual({ username: 'get ghcr.io', password: 'clover' })
    expect(await find('docker.io')).toEqual({ identityToken: 'token for https://index.docker.io/v1/' })
  })

  it('looks into the file when the store has nothing', async () => {
    await configure({ credsStore: 'none', auths: { 'ghcr.io': { auth: base64('bella:clover') } } })
    await helper('none', 'echo "credentials not found in native keychain"; exit 1')
    expect(await find('ghcr.io')).toEqual({ username: 'bella', password: 'clover' })
    expect(await find('example.com')).toBeUndefined()
  })

  it('says why a helper fails', async () => {
    await configure({ credsStore: 'broken' })
    await helper('broken', 'echo "the keychain is locked"; exit 3')
    await expect(find('ghcr.io')).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: "'docker-credential-broken get' failed for 'ghcr.io' (exit code 3): the keychain is locked",
    })
    await helper('broken', 'echo "{ secret"')
    await expect(find('ghcr.io')).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: "'docker-credential-broken get' answered with something else than a user name and a secret",
    })
    await configure({ credsStore: 'missing' })
    await expect(find('ghcr.io')).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: "there is no 'docker-credential-missing', which Docker's configuration names for 'ghcr.io'",
    })
  })

  it('says what is wrong with the file, but not what is in it', async () => {
    await configure('{"auths":{"ghcr.io":{"auth":"c2VjcmV0')
    await expect(find('ghcr.io')).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', message: `'${folder}/config.json' is no JSON` })
    await configure({ auths: { 'ghcr.io': { auth: base64('nocolon') } } })
    await expect(find('ghcr.io')).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', message: expect.stringContaining("'ghcr.io'") })
  })

  it('ends a helper that hangs', async () => {
    await configure({ credsStore: 'hangs' })
    await helper('hangs', 'sleep 60')
    const signal = AbortSignal.timeout(200)
    await expect(registryCredentials('ghcr.io', { configDirectory: folder, signal })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it("looks where the environment says, then into Podman's file", async () => {
    await configure({ auths: { 'ghcr.io': { auth: base64('docker:clover') } } })
    await mkdir(join(folder, 'run', 'containers'), { recursive: true })
    const podman = { auths: { 'ghcr.io': { auth: base64('podman:clover') }, 'quay.io': { auth: base64('podman:clover') } } }
    await writeFile(join(folder, 'run', 'containers', 'auth.json'), JSON.stringify(podman))
    vi.stubEnv('DOCKER_CONFIG', folder)
    vi.stubEnv('XDG_RUNTIME_DIR', join(folder, 'run'))
    expect(shown(await registryCredentials('ghcr.io'))).toEqual({ username: 'docker', password: 'clover' })
    expect(shown(await registryCredentials('quay.io'))).toEqual({ username: 'podman', password: 'clover' })
  })
})
