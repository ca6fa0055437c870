import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Artifact, BuildReport, Provenance, RunOptions } from '@imago/core'
import { expect, test } from 'vitest'

import type { FakeHost } from '../../test/fake-host.ts'
import { hostWithImage } from '../../test/image-folder.ts'
import { buildReport, report } from '../../test/sample-events.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

const digest = 'a'.repeat(64)
const image: Artifact = { type: 'docker-image', id: `sha256:${digest}` }
const archive = (folder: string): Artifact => ({
  type: 'files',
  id: 'x',
  files: [{ path: join(folder, 'cow.tar'), size: 1, sha256: digest }],
})

function provenance(...artifacts: readonly Artifact[]): Provenance {
  return {
    startedAt: '2026-11-23T01:00:00.000Z',
    finishedAt: '2026-11-23T01:00:09.000Z',
    artifacts: artifacts.map((artifact) => ({ artifact, subjects: [{ name: artifact.type, digest: { sha256: digest } }] })),
    definition: {
      build: 'docker',
      builderType: 'fake',
      makes: { type: 'x', files: false },
      options: {},
      after: [],
      provisioners: [],
      errorCleanup: [],
      postProcessors: [],
    },
    materials: [],
    byproducts: [],
    cachedSteps: [],
    versions: {},
  }
}

interface Built {
  readonly code: number
  readonly host: FakeHost
  readonly options: RunOptions | undefined
  /** The subjects of a statement. */
  readonly subjects: (path: string) => Promise<unknown>
}

async function build(
  args: readonly string[],
  made: (folder: string) => Partial<BuildReport>,
  before?: (folder: string) => Promise<void>,
): Promise<Built> {
  let options: RunOptions | undefined
  const host: FakeHost = await hostWithImage(sampleImage(), {
    core: {
      run(_images, given) {
        options = given
        return Promise.resolve(report([buildReport(made(host.cwd))]))
      },
    },
  })
  await before?.(host.cwd)
  const code = await main(['build', ...args], host)
  const subjects = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(host.cwd, path), 'utf8')).subject
  return { code, host, options, subjects }
}

test('imago build --provenance writes a statement beside each file, and into a folder of its own', async () => {
  const { code, host, options, subjects } = await build(['--provenance'], (folder) => ({
    provenance: provenance(archive(folder), image, image),
  }))
  expect([code, host.stderr.text]).toEqual([0, ''])
  expect(await subjects('cow.tar.provenance.json')).toEqual([{ name: 'files', digest: { sha256: digest } }])
  expect(await subjects('.imago/provenance/hello.docker.provenance.json')).toEqual([{ name: 'docker-image', digest: { sha256: digest } }])
  const empty = createHash('sha256').digest('hex')
  expect(options?.provenance).toEqual({ materials: [{ name: 'image.ts', digest: { sha256: empty } }] })
})

test('imago build --provenance-dir names that folder', async () => {
  const { code, subjects } = await build(['--provenance', '--provenance-dir', 'out/told'], () => ({ provenance: provenance(image) }))
  expect(code).toBe(0)
  expect(await subjects('out/told/hello.docker.provenance.json')).toHaveLength(1)
})

test('a build without it asks for none', async () => {
  const { code, options } = await build([], () => ({}))
  expect([code, options && 'provenance' in options]).toEqual([0, false])
})

test('a statement that cannot be written is told, and the build is no success', async () => {
  const blocked = (folder: string): Promise<void> => mkdir(join(folder, 'cow.tar.provenance.json')).then(() => undefined)
  const { code, host, subjects } = await build(['--provenance'], (folder) => ({ provenance: provenance(archive(folder)) }), blocked)
  expect(code).toBe(1)
  expect(host.stderr.text).toContain("cow.tar.provenance.json'")
  await expect(subjects('cow.tar.provenance.json')).rejects.toThrow('EISDIR')
})

test('nothing is written of builds that failed', async () => {
  const error = { code: 'COMMAND_FAILED', message: 'exit code 7' } as const
  const { code, subjects } = await build(['--provenance'], () => ({ status: 'failed', error }))
  expect(code).toBe(1)
  await expect(subjects('.imago/provenance/hello.docker.provenance.json')).rejects.toThrow('ENOENT')
})

test('of a build that is up to date, the statement must be there', async () => {
  const upToDate = (folder: string): Partial<BuildReport> => ({ upToDate: true, artifacts: [archive(folder), image] })
  const told = async (folder: string, text: string): Promise<void> => {
    await mkdir(join(folder, '.imago/provenance'), { recursive: true })
    await writeFile(join(folder, 'cow.tar.provenance.json'), text)
    await writeFile(join(folder, '.imago/provenance/hello.docker.provenance.json'), text)
  }
  expect((await build(['--provenance'], upToDate, (folder) => told(folder, `{"sha256":"${digest}"}`))).code).toBe(0)
  for (const before of [undefined, (folder: string) => told(folder, '{"sha256":"of another"}')]) {
    const { code, host } = await build(['--provenance'], upToDate, before)
    expect(code).toBe(1)
    expect(host.stderr.text).toMatch(/hello\.docker is up to date, and nothing tells how it was built: .*cow\.tar\.provenance\.json/)
    expect(host.stderr.text).toContain('--no-cache')
  }
})

test.each([
  [['--provenance-dir=out'], '--provenance-dir needs --provenance beside it'],
  [['--provenance', '--provenance-dir=image.ts'], "image.ts', cannot be made"],
])('%j is refused', async (args, problem) => {
  const { code, host, options } = await build(args, () => ({}))
  expect([code, options]).toEqual([2, undefined])
  expect(host.stderr.text).toContain(problem)
})
