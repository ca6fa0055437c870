import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

import { debootstrap, hostBinaries, ociArchive, registry, scratch, tarball } from '../src/index.ts'
import type { DockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { startDockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { archiveContent } from './archive-content.ts'
import {
  buildImage,
  checkBuilt,
  isRequired,
  needs,
  output,
  runProgram,
  temporaryFolder,
  whyNoNamespaces,
  whyNoProgram,
  whyNotRoot,
} from './bench.ts'

checkBuilt()

let folder: string
let archive: string
beforeAll(async () => {
  folder = await temporaryFolder()
  const from = hostBinaries({ commands: ['sh', 'cat'] })
  archive = (
    await buildImage(folder, { from, output: 'base.tar', cmd: ['sh'] }, async (machine) => {
      await machine.upload({ content: 'of the base\n' }, '/etc/motd', { owner: '12:34' })
    })
  ).path
})
afterAll(async () => await rm(folder, { recursive: true }))

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

describe('a tarball', () => {
  let tree: string
  beforeAll(async () => {
    tree = join(folder, 'tree')
    await mkdir(join(tree, 'etc'), { recursive: true })
    await writeFile(join(tree, 'etc', 'motd'), 'hello\n')
    await writeFile(join(tree, '.wh.odd'), 'no whiteout here')
    await runProgram('tar', '-C', tree, '--owner=7', '--group=8', '-cf', join(folder, 'root.tar'), './etc')
    await runProgram('gzip', '-k', join(folder, 'root.tar'))
  })

  const lines = ['d 0755 7:8 ./etc', '- 0644 7:8 ./etc/motd']

  it('becomes a layer as it is when it is compressed as layers are', async () => {
    const path = join(folder, 'root.tar.gz')
    const { path: image } = await buildImage(folder, { from: tarball({ path: 'root.tar.gz' }), output: 'gz.tar' }, async (machine) => {
      expect((await machine.stat('/etc/motd'))?.size).toBe(6)
    })
    const content = await archiveContent(image)
    expect(content.layerDigests).toEqual([`sha256:${await sha256(path)}`])
    expect(content.layers).toEqual([lines])
  })

  for (const { format, program, flag } of [
    { format: 'plain', program: 'tar', flag: undefined },
    { format: 'zst', program: 'zstd', flag: '--zstd' },
    { format: 'xz', program: 'xz', flag: '--xz' },
  ] as const) {
    it(`becomes a compressed layer when it is ${format}`, async (context) => {
      const { skip, why } = needs(program, await whyNoProgram(program))
      if (skip) context.skip(why)
      const name = `root-${format}`
      await runProgram(
        'tar',
        '-C',
        tree,
        '--owner=7',
        '--group=8',
        ...(flag === undefined ? [] : [flag]),
        '-cf',
        join(folder, name),
        './etc',
      )
      const { path } = await buildImage(folder, {
        from: tarball({ path: name, sha256: await sha256(join(folder, name)) }),
        output: `${name}.oci`,
      })
      expect((await archiveContent(path)).layers).toEqual([lines])
    })
  }

  it('is refused when it is another one', async () => {
    const from = tarball({ path: 'root.tar', sha256: '0'.repeat(64) })
    await expect(buildImage(folder, { from })).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
  })

  it('is refused when it is none', async () => {
    await writeFile(join(folder, 'no.tar'), 'x'.repeat(2000))
    await expect(buildImage(folder, { from: tarball({ path: 'no.tar' }) })).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await writeFile(join(folder, 'no.tar.gz'), Buffer.concat([(await readFile(join(folder, 'root.tar.gz'))).subarray(0, 60)]))
    await expect(buildImage(folder, { from: tarball({ path: 'no.tar.gz' }) })).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await expect(buildImage(folder, { from: tarball({ path: 'nowhere.tar' }) })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  describe('from the network', () => {
    let server: Server
    let url: string
    beforeAll(async () => {
      const bytes = await readFile(join(folder, 'root.tar.gz'))
      server = createServer(
        (request, response) => void (request.url === '/root.tar.gz' ? response.end(bytes) : response.writeHead(404).end()),
      )
      await once(server.listen(0, '127.0.0.1'), 'listening')
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
    })
    afterAll(() => void server.close())

    it('is fetched and checked', async () => {
      const checksum = await sha256(join(folder, 'root.tar.gz'))
      const from = tarball({ url: `${url}/root.tar.gz`, sha256: checksum })
      const { path, materials } = await buildImage(folder, { from, output: 'url.tar' })
      expect((await archiveContent(path)).layers).toEqual([lines])
      expect(materials).toEqual([{ uri: `${url}/root.tar.gz`, digest: { sha256: checksum } }])
    })

    it('is refused when it is another one, or none', async () => {
      const other = { sha256: 'a'.repeat(64) }
      await expect(buildImage(folder, { from: tarball({ url: `${url}/root.tar.gz`, ...other }) })).rejects.toMatchObject({
        code: 'CHECKSUM_MISMATCH',
      })
      await expect(buildImage(folder, { from: tarball({ url: `${url}/other`, ...other }) })).rejects.toMatchObject({ code: 'NETWORK' })
      await expect(buildImage(folder, { from: tarball({ url: 'http://127.0.0.1:1/x', ...other }) })).rejects.toMatchObject({
        code: 'NETWORK',
      })
    })
  })
})

describe('an OCI image layout', () => {
  it('can be a folder', async () => {
    const layout = join(folder, 'layout')
    await mkdir(layout)
    await runProgram('tar', '-C', layout, '-xf', archive)
    const { path, materials } = await buildImage(folder, { from: ociArchive('layout'), output: 'from-folder.tar' })
    const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))
    expect(materials).toEqual([{ name: 'layout', digest: { sha256: index.manifests[0].digest.slice('sha256:'.length) } }])
    expect((await archiveContent(path)).layers).toEqual((await archiveContent(archive)).layers)
  })

  it('is refused when a layer was changed, or is missing', async () => {
    const layout = join(folder, 'changed')
    await mkdir(layout)
    await runProgram('tar', '-C', layout, '-xf', archive)
    const [digest = ''] = (await archiveContent(archive)).layerDigests
    const blob = join(layout, 'blobs', 'sha256', digest.slice(7))
    const file = await open(blob, 'r+')
    await file.write(Buffer.from([7, 7, 7, 7]), 0, 4, 5) // gzip's time and system: the content stays
    await file.close()
    await expect(buildImage(folder, { from: ociArchive('changed') })).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    await rm(blob)
    await expect(buildImage(folder, { from: ociArchive('changed') })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  it('is refused when it is none', async () => {
    await runProgram('tar', '-C', folder, '-cf', join(folder, 'else.tar'), 'base.tar')
    await expect(buildImage(folder, { from: ociArchive('else.tar') })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('skopeo'),
    })
  })

  it('is refused when it is for something else', async () => {
    const building = buildImage(folder, { from: ociArchive('base.tar'), platform: 'linux/s390x' })
    await expect(building).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND', hint: expect.stringContaining('linux/') })
  })
})

const noRegistry = needs('registry', (await whyNoProgram('docker-registry', 'skopeo')) ?? (await whyNoNamespaces()))
describe.skipIf(noRegistry.skip)(`a registry${noRegistry.why}`, () => {
  let server: DockerRegistry
  beforeAll(async () => {
    server = await startDockerRegistry()
  })
  afterAll(async () => await server.stop())

  it('gives images, and takes what is built from them', async () => {
    const name = `${server.host}/team/base:1`
    await runProgram('skopeo', 'copy', '--dest-tls-verify=false', `oci-archive:${archive}`, `docker://${name}`)
    const { path, artifact, materials } = await buildImage(folder, { from: registry(name), output: 'derived.tar' }, async (machine) => {
      expect((await output(machine, 'cat /etc/motd; echo more >>/etc/motd')).stdout).toBe('of the base\n')
    })
    const { Digest } = JSON.parse(await runProgram('skopeo', 'inspect', '--tls-verify=false', `docker://${name}`))
    const uri = `pkg:docker/team/base@1?repository_url=${encodeURIComponent(server.host)}`
    expect(materials).toEqual([{ name, uri, digest: { sha256: Digest.slice('sha256:'.length) } }])
    const [base, derived] = [await archiveContent(archive), await archiveContent(path)]
    expect(derived.layerDigests.slice(0, 2)).toEqual(base.layerDigests)
    expect(derived.layers[2]).toEqual(['d 0755 0:0 etc', '- 0644 12:34 etc/motd'])
    expect(derived.config.config).toEqual({ Cmd: ['sh'] })

    await runProgram('skopeo', 'copy', '--dest-tls-verify=false', `oci-archive:${path}`, `docker://${server.host}/team/derived:1`)
    const inspected: unknown = JSON.parse(
      await runProgram('skopeo', 'inspect', '--tls-verify=false', `docker://${server.host}/team/derived:1`),
    )
    expect(inspected).toMatchObject({ Digest: artifact.digest })

    const nothing = buildImage(folder, { from: registry(`${server.host}/team/base:2`) })
    await expect(nothing).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it('is shown the login that the source names, or what docker login left', async () => {
    const locked = await startDockerRegistry({ login: true })
    onTestFinished(async () => {
      vi.unstubAllEnvs()
      await locked.stop()
    })
    const name = `${locked.host}/team/base:1`
    const credentials = '--dest-creds=daisy:grass-and-clover'
    await runProgram('skopeo', 'copy', '--dest-tls-verify=false', credentials, `oci-archive:${archive}`, `docker://${name}`)
    vi.stubEnv('DOCKER_CONFIG', folder)
    const build = async (login?: { readonly username: string; readonly password: string }) =>
      await buildImage(folder, { from: registry(name, login && { login }), output: 'locked.tar' })
    await expect(build()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    await expect(build({ username: 'daisy', password: 'thistles' })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    const { digest } = (await build({ username: 'daisy', password: 'grass-and-clover' })).artifact

    const auth = Buffer.from('daisy:grass-and-clover').toString('base64')
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }))
    expect((await build()).artifact.digest).toBe(digest)
  })
})

const severalUsers = needs('root', whyNotRoot())

describe.skipIf(severalUsers.skip)(`debootstrap${severalUsers.why}`, () => {
  /** Stands in for the program, which takes half a minute and the network. */
  const stand =
    '#!/bin/sh\nfor a; do [ "${a#/}" = "$a" ] || target=$a; done\nmkdir -p "$target/var/log" "$target/etc"\necho "$@" >"$target/etc/arguments"\necho $container >"$target/etc/container"\necho log >"$target/var/log/dpkg.log"\nchown 42:43 "$target/etc/container"\n'

  it('runs the program as root of the root, and takes what it made', async () => {
    const programs = join(folder, 'programs')
    await mkdir(programs)
    await writeFile(join(programs, 'debootstrap'), stand)
    await chmod(join(programs, 'debootstrap'), 0o755)
    vi.stubEnv('PATH', `${programs}${delimiter}${process.env['PATH']}`)
    try {
      const from = debootstrap({ suite: 'bookworm', include: ['curl', 'less'], mirror: 'http://mirror.example/debian' })
      const { path } = await buildImage(folder, { from, output: 'deb.tar' }, async (machine) => {
        await machine.download('/etc/arguments', join(folder, 'arguments'))
      })
      expect(await readFile(join(folder, 'arguments'), 'utf8')).toMatch(
        /^--variant=minbase --include=curl,less bookworm \/\S+ http:\/\/mirror\.example\/debian\n$/,
      )
      expect((await archiveContent(path)).layers).toEqual([
        ['d 0755 0:0 etc', '- 0644 0:0 etc/arguments', '- 0644 42:43 etc/container', 'd 0755 0:0 var', 'd 0755 0:0 var/log'],
      ])
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

const noDebootstrap = isRequired('debootstrap')
  ? ((await whyNoProgram('debootstrap')) ?? whyNotRoot())
  : 'it takes a minute: IMAGO_REQUIRE=debootstrap runs it'
const real = needs('debootstrap', noDebootstrap)
describe.skipIf(real.skip)(`the real debootstrap${real.why}`, () => {
  it('makes a Debian that works', { timeout: 300_000 }, async () => {
    const { path } = await buildImage(folder, { from: debootstrap({ suite: 'bookworm' }), output: 'debian.tar' }, async (machine) => {
      expect((await output(machine, 'id -u www-data; dpkg --print-architecture >/dev/null && echo fine')).stdout).toBe('33\nfine\n')
    })
    expect((await archiveContent(path)).layers[0]).toContain('- 0640 0:42 etc/shadow')
  })
})

it('needs nothing to start from nothing', async () => {
  const { path } = await buildImage(folder, { from: scratch(), output: 'nothing.tar' })
  expect((await archiveContent(path)).layers).toEqual([])
})
