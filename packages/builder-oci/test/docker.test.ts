import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hostBinaries } from '../src/index.ts'
import type { TestBuild } from './bench.ts'
import { checkBuilt, buildImage, needs, output, runProgram, temporaryFolder, whyNoNamespaces, whyNoProgram } from './bench.ts'

checkBuilt()
const noEngine = await runProgram('docker', 'version').then(
  () => undefined,
  () => 'there is no Docker engine',
)
const noSkopeo = await whyNoProgram('skopeo')

const noNamespaces = await whyNoNamespaces()
const engine = needs('docker', noEngine ?? noNamespaces)
const skopeo = needs('skopeo', noSkopeo ?? noNamespaces)

let folder: string
let built: TestBuild
const tag = `imago-oci-test/${randomBytes(4).toString('hex')}:1.0`
const from = hostBinaries({ commands: ['sh', 'cat', 'chmod', 'ln', 'ls', 'mkdir', 'rm', 'stat'] })
const config = { tag, cmd: ['cat', '/srv/hello'], env: { GREETING: 'hello' }, workdir: '/srv' }
const script = `set -e; mkdir /srv; echo hello >/srv/hello; ln /srv/hello /srv/again; ln -s hello /srv/link
  rm -r /root /etc/group; chmod 700 /srv`

beforeAll(async () => {
  folder = await temporaryFolder()
  if (engine.skip && skopeo.skip) return
  built = await buildImage(folder, { from, ...config }, async (machine) => {
    const { stderr } = await output(machine, script)
    if (stderr !== '') throw new Error(stderr)
    await machine.upload({ content: 'x' }, '/own/file', { owner: '12:34', mode: 0o4750 })
  })
})
afterAll(async () => await rm(folder, { recursive: true }))

describe.skipIf(engine.skip)(`an engine${engine.why}`, () => {
  beforeAll(async () => void (await runProgram('docker', 'load', '-i', built.path)))
  afterAll(async () => void (await runProgram('docker', 'image', 'rm', '-f', tag)))

  const run = (...command: readonly string[]): Promise<string> => runProgram('docker', 'run', '--rm', '--network=none', tag, ...command)

  it('loads the image under its name and id', async () => {
    const { Id, Config }: { Id?: string; Config?: object } = JSON.parse(
      await runProgram('docker', 'image', 'inspect', '-f', '{{json .}}', tag),
    )
    expect(Id).toBe(built.artifact.imageId)
    expect(Config).toMatchObject({ Cmd: ['cat', '/srv/hello'], Env: ['GREETING=hello'], WorkingDir: '/srv' })
  })

  it('runs it', async () => {
    expect(await run()).toBe('hello\n')
    expect(await run('sh', '-c', 'echo $GREETING; pwd; cat link')).toBe('hello\n/srv\nhello\n')
  })

  it('sees what was removed, linked and given to others', async () => {
    await expect(run('ls', '/etc/group')).rejects.toThrow('No such file')
    await expect(run('ls', '/root')).rejects.toThrow('No such file')
    const stats = await run('stat', '-c', '%n %a %u:%g', '/srv/hello', '/srv', '/own/file', '/etc', '/usr')
    expect(stats.trim().split('\n')).toEqual(['/srv/hello 644 0:0', '/srv 700 0:0', '/own/file 4750 12:34', '/etc 755 0:0', '/usr 755 0:0'])
    expect(await run('stat', '-c', '%h', '/srv/again')).toBe('2\n')
  })
})

describe.skipIf(skopeo.skip)(`skopeo${skopeo.why}`, () => {
  it('agrees on the digest', async () => {
    const inspected: unknown = JSON.parse(await runProgram('skopeo', 'inspect', `oci-archive:${built.path}`))
    expect(inspected).toMatchObject({ Digest: built.artifact.digest, Env: ['GREETING=hello'], Os: 'linux' })
  })

  it('finds it by its name', async () => {
    const inspected: unknown = JSON.parse(await runProgram('skopeo', 'inspect', `oci-archive:${built.path}:${tag}`))
    expect(inspected).toMatchObject({ Digest: built.artifact.digest })
  })
})
