import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Engine } from '@imago/docker-engine'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { DockerfileOptions } from './docker-options.ts'
import { dockerfileImages } from './dockerfile-images.ts'
import { contextDigest, dockerfileIdentity } from './dockerfile-start.ts'

const { signal } = new AbortController()

describe('the images of a Dockerfile', () => {
  test('are those that it begins with and copies from, and not its own stages', () => {
    const text = `# syntax=docker/dockerfile:1
FROM --platform=linux/amd64 localhost:5000/cow:1 AS first
  from debian:12 as Second
COPY --chown=1:1 --from=FIRST /a /a
COPY --from=busybox:1 /b /b
COPY --from=0 /c /c
RUN --mount=type=bind,from=tools:2,target=/t true
FROM second
FROM scratch
RUN echo FROM nobody.test/x && psql -c "SELECT name \\
FROM cows"
`
    expect(dockerfileImages(text)).toEqual({ names: ['localhost:5000/cow:1', 'debian:12', 'busybox:1', 'tools:2'], isOpen: false })
  })

  test.each([
    ['an image that an ARG names', 'ARG BASE\nFROM $BASE'],
    ['an image that an ARG completes', 'FROM debian:${TAG}'],
    ['what is fetched', 'FROM debian:12\nADD https://cow.test/moo.tar /'],
    ['a repository', 'FROM debian:12\nONBUILD ADD git@cow.test:moo.git /moo'],
    ['a line that goes on', 'FROM debian:12\nADD --chown=0:0 \\\n  https://cow.test/moo /'],
    ['a line that goes on in another way', '# escape=`\nFROM debian:12\nADD `\n  https://cow.test/moo /'],
  ])('are not all: %s', (_, text) => expect(dockerfileImages(text).isOpen).toBe(true))
})

describe('what an image is built from', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-dockerfile-'))
    await writeFile(join(folder, 'Dockerfile'), 'FROM debian:12')
    await writeFile(join(folder, 'file'), 'moo')
  })
  afterEach(async () => await rm(folder, { recursive: true }))

  const digest = async (): Promise<string> => await contextDigest({ path: join(folder, 'Dockerfile'), text: '', folder }, signal)

  test('is the content of its context, and not when that was written', async () => {
    const before = await digest()
    await utimes(join(folder, 'file'), 1, 1)
    expect(await digest()).toBe(before)
    await writeFile(join(folder, '.dockerignore'), 'left\n')
    const ignoring = await digest()
    await writeFile(join(folder, 'left'), 'out')
    expect(await digest()).toBe(ignoring)
  })

  test.each([
    ['a byte', () => writeFile(join(folder, 'file'), 'mop')],
    ['a mode', () => chmod(join(folder, 'file'), 0o755)],
    ['a file more', () => writeFile(join(folder, 'other'), '')],
    ['the Dockerfile', () => writeFile(join(folder, 'Dockerfile'), 'FROM debian:13')],
  ])('is another with %s', async (_, change) => {
    const before = await digest()
    await change()
    expect(await digest()).not.toBe(before)
  })

  const engine = (images: Readonly<Record<string, string>>): Engine => {
    const inspect = (name: string): Promise<{ id: string } | undefined> =>
      Promise.resolve(images[name] === undefined ? undefined : { id: images[name] })
    return { images: { inspect } } as unknown as Engine // nothing else is asked
  }
  const identity = async (
    images: Readonly<Record<string, string>>,
    more: Partial<DockerfileOptions> & { readonly pull?: 'always' } = {},
  ): Promise<object | undefined> => {
    const { pull, ...dockerfile } = more
    const options = { dockerfile: { path: 'Dockerfile', ...dockerfile }, ...(pull && { pull }) }
    return await dockerfileIdentity(engine(images), { text: 'FROM debian:12\nCOPY --from=cow:1 /a /a', context: 'c' }, options, signal)
  }

  test('is also the images that it begins with, and the options', async () => {
    const both = { 'debian:12': 'sha256:1', 'cow:1': 'sha256:2' }
    const same = await identity(both)
    expect(same).toBeDefined()
    expect(await identity(both)).toEqual(same)
    expect(await identity({ ...both, 'cow:1': 'sha256:3' })).not.toEqual(same)
    expect(await identity(both, { target: 'first' })).not.toEqual(same)
    expect(await identity(both, { args: { A: '1' } })).not.toEqual(same)
  })

  test('is not known while the engine does not have an image, or may not have the newest', async () => {
    expect(await identity({ 'debian:12': 'sha256:1' })).toBeUndefined()
    expect(await identity({ 'debian:12': 'sha256:1', 'cow:1': 'sha256:2' }, { pull: 'always' })).toBeUndefined()
  })
})
