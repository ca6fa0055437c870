import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { readEntries } from '@imago/tar'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { registriesOf } from './build-dockerfile.ts'
import { dockerfileContext } from './dockerfile-context.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-context-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

async function write(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), name)
  }
}

async function packed(dockerfile: string, context = folder): Promise<{ readonly dockerfile: string; readonly names: readonly string[] }> {
  const { archive, dockerfile: name } = await dockerfileContext(join(folder, dockerfile), context, { signal: new AbortController().signal })
  const names: string[] = []
  for await (const entry of readEntries(archive)) {
    expect([entry.uid, entry.gid]).toEqual([0, 0])
    names.push(entry.name.toString())
  }
  return { dockerfile: name, names }
}

test('all of the folder goes', async () => {
  await write('Dockerfile', 'sub/file')
  expect(await packed('Dockerfile')).toEqual({ dockerfile: 'Dockerfile', names: ['Dockerfile', 'sub/', 'sub/file'] })
})

test('what .dockerignore says stays here, but the Dockerfile goes', async () => {
  await write('build/Dockerfile', 'sub/left', 'sub/deep/kept', 'kept')
  await writeFile(join(folder, '.dockerignore'), '*\n!kept\n!sub/deep\n')
  expect(await packed('build/Dockerfile')).toEqual({
    dockerfile: 'build/Dockerfile',
    names: ['build/', 'build/Dockerfile', 'kept', 'sub/', 'sub/deep/', 'sub/deep/kept'],
  })
})

test('a Dockerfile outside of the folder goes too', async () => {
  await write('Dockerfile', 'context/file')
  expect(await packed('Dockerfile', join(folder, 'context'))).toEqual({
    dockerfile: '.imago.Dockerfile',
    names: ['.imago.Dockerfile', 'file'],
  })
})

test('a folder that does not exist is an error', async () => {
  await expect(packed('Dockerfile', join(folder, 'none'))).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})

test('the registries of a Dockerfile', () => {
  const text = `# syntax=docker/dockerfile:1
ARG BASE=debian
FROM --platform=$BUILDPLATFORM localhost:5000/cow:1 AS first
  from debian:12 as Second
FROM second
FROM first
FROM \${BASE}
FROM scratch
RUN echo FROM nobody.test/x
RUN psql -c "SELECT name \\
FROM Cows"
`
  expect(registriesOf(text)).toEqual(['localhost:5000', 'docker.io'])
})
