import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { RegistryCredentials } from '../src/index.ts'
import { openRegistry, registryCredentials } from '../src/index.ts'
import type { DockerRegistry } from './docker-registry.ts'
import { startDockerRegistry } from './docker-registry.ts'
import { writeOciLayout } from './oci-layout.ts'
import { reasonToSkip } from '../../../test/requirement.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ registry: 'docker-registry --version', skopeo: 'skopeo --version' })

describe.skipIf(skip !== '')(`a registry${skip}`, () => {
  let folder: string
  let open: DockerRegistry
  let locked: DockerRegistry
  let layers: Map<string, Buffer>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-oci-'))
    layers = await writeOciLayout(
      join(folder, 'layout'),
      [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ],
      3_000_000,
    )
    ;[open, locked] = await Promise.all([startDockerRegistry(), startDockerRegistry({ login: true })])
    const push = (registry: DockerRegistry, ...options: string[]): Promise<unknown> =>
      run('skopeo', [
        'copy',
        '--all',
        '--dest-tls-verify=false',
        ...options,
        `oci:${folder}/layout:cow`,
        `docker://${registry.host}/farm/cow:1.0`,
      ])
    await Promise.all([push(open), push(locked, '--dest-creds=daisy:grass-and-clover')])
  })
  afterAll(async () => {
    await Promise.all([open.stop(), locked.stop()])
    await rm(folder, { recursive: true })
  })

  it('gives an image for each platform, as skopeo sees it', async () => {
    const name = `${open.host}/farm/cow:1.0`
    for (const architecture of ['amd64', 'arm64']) {
      const registry = openRegistry(name)
      const { manifest, descriptor, config } = await registry.manifest({ platform: `linux/${architecture}` })
      const skopeo = ['inspect', '--raw', '--tls-verify=false', `docker://${open.host}/farm/cow@${descriptor.digest}`]
      expect(manifest).toEqual(JSON.parse((await run('skopeo', skopeo)).stdout))
      expect(config.architecture).toBe(architecture)
      const [content = Buffer.alloc(0)] = await Promise.all(manifest.layers.map((layer) => buffer(registry.blob(layer))))
      expect(content.equals(layers.get(architecture) ?? Buffer.alloc(1))).toBe(true)
    }
    await expect(openRegistry(name).manifest({ platform: 'linux/riscv64' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      hint: 'it exists for linux/amd64, linux/arm64',
    })
  })

  it('has no image of another name', async () => {
    await expect(openRegistry(`${open.host}/farm/cow:2.0`).manifest()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(openRegistry(`${open.host}/farm/goat`).manifest()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it("wants a password, which Docker's configuration has", async () => {
    const name = `${locked.host}/farm/cow:1.0`
    await expect(openRegistry(name).manifest()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    const wrong: RegistryCredentials = { username: 'daisy', password: 'thistles' }
    await expect(openRegistry(name, { credentials: wrong }).manifest()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })

    const auth = Buffer.from('daisy:grass-and-clover').toString('base64')
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }))
    const credentials = await registryCredentials(locked.host, { configDirectory: folder })
    expect(credentials).toBeDefined()
    const registry = openRegistry(name, { ...(credentials !== undefined && { credentials }) })
    await expect(registry.manifest()).resolves.toBeDefined()
  })
})
