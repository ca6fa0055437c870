import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Artifact, PostProcessContext } from '@imago/core'
import { defineImage, validate } from '@imago/core'
import { fakeBuilder, postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { manifest } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-manifest-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const docker: Artifact = { type: 'docker-image', id: 'sha256:1' }

async function write(
  options: Parameters<typeof manifest>[0],
  artifact: Artifact,
  context: Partial<Pick<PostProcessContext, 'build' | 'image' | 'runId' | 'signal'>> = {},
) {
  return manifest(options).process(artifact, postProcessContext({ directory, ...context }))
}

async function content(
  name = 'imago-manifest.json',
): Promise<{ lastRunId: string; builds: { build: string; image: string; artifact: { id: string } }[] }> {
  return JSON.parse(await readFile(join(directory, name), 'utf8'))
}

test('an entry says what was built, with its files, and hands the artifact on', async () => {
  const artifact: Artifact = { type: 'files', id: 'x', files: [{ path: join(directory, 'out', 'a.tar'), size: 3, sha256: 'abc' }] }
  const made = await write({ customData: ({ buildName }) => ({ name: buildName }) }, artifact, { image: 'cow', build: 'vm', runId: 'r1' })
  expect(made).toBe(artifact)
  expect(await content()).toMatchObject({
    version: 1,
    lastRunId: 'r1',
    builds: [
      {
        image: 'cow',
        build: 'vm',
        runId: 'r1',
        customData: { name: 'vm' },
        artifact: { type: 'files', id: 'x', files: [{ path: 'out/a.tar', size: 3, sha256: 'abc' }] },
      },
    ],
  })
  await write({ stripPath: true, output: 'new/folder/manifest.json' }, artifact)
  expect(await content('new/folder/manifest.json')).toMatchObject({ builds: [{ artifact: { files: [{ path: 'a.tar' }] } }] })
})

test('a rerun replaces its entry, other builds and images keep theirs', async () => {
  await write({}, docker, { image: 'cow', build: 'b' })
  await write({}, docker, { image: 'cow', build: 'a' })
  await write({}, docker, { image: 'ant', build: 'a' })
  await write({}, { ...docker, id: 'sha256:2' }, { image: 'cow', build: 'b', runId: 'second' })
  const { builds, lastRunId } = await content()
  expect(builds.map(({ image, build, artifact }) => `${image}.${build} ${artifact.id}`)).toEqual([
    'ant.a sha256:1',
    'cow.a sha256:1',
    'cow.b sha256:2',
  ])
  expect(lastRunId).toBe('second')
})

test('many builds write one manifest at the same time; nothing but the manifest is left', async () => {
  await Promise.all(Array.from({ length: 25 }, (_, index) => write({}, docker, { build: `b${index}` })))
  expect((await content()).builds).toHaveLength(25)
  expect(await readdir(directory)).toEqual(['imago-manifest.json'])
})

test.for(['not json', '{"version":2,"builds":[]}', '[]'])('what is no manifest is left alone: %s', async (text) => {
  await writeFile(join(directory, 'imago-manifest.json'), text)
  await expect(write({}, docker)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
  expect(await readFile(join(directory, 'imago-manifest.json'), 'utf8')).toBe(text)
})

test('what Packer has written is kept beside, once', async () => {
  const [theirs, others] = ['{"builds":[{"name":"a"}],"last_run_uuid":"1"}', '{"builds":null,"last_run_uuid":"2"}']
  await writeFile(join(directory, 'imago-manifest.json'), theirs)
  await write({}, docker, { build: 'a' })
  await write({}, docker, { build: 'b' })
  expect((await content()).builds.map(({ build }) => build)).toEqual(['a', 'b'])
  expect(await readFile(join(directory, 'imago-manifest.json.packer'), 'utf8')).toBe(theirs)
  await writeFile(join(directory, 'imago-manifest.json'), others)
  await expect(write({}, docker)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
  expect(await readFile(join(directory, 'imago-manifest.json'), 'utf8')).toBe(others)
  expect(await readFile(join(directory, 'imago-manifest.json.packer'), 'utf8')).toBe(theirs)
})

test('a cancel ends the waiting for somebody else’s lock', async () => {
  await writeFile(join(directory, 'imago-manifest.json.lock'), `${hostname()}-elsewhere/boot/1/1 theirs`)
  const waiting = write({}, docker, { signal: AbortSignal.timeout(20) })
  await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(await readdir(directory)).toEqual(['imago-manifest.json.lock'])
})

test('wrong options and a folder that is a file are found before anything starts', async () => {
  await writeFile(join(directory, 'file'), '')
  await mkdir(join(directory, 'folder'))
  const options = JSON.parse('{"outptu":"x","output":"file/manifest.json"}')
  const image = defineImage({ name: 'cow', builders: { a: fakeBuilder(), b: fakeBuilder() }, postProcessors: [manifest(options)] })
  expect((await validate(image, { directory })).map(({ message }) => message)).toEqual([
    "unknown option 'outptu'",
    `'file/manifest.json' cannot be written: '${join(directory, 'file')}' is not a directory`,
  ])
})
