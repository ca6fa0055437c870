import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import type { DockerImageArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { details, fakeEngine } from '../test/fake-engine.ts'
import { dockerSave, saveImage } from './docker-save.ts'

const image: DockerImageArtifact = {
  type: 'docker-image',
  id: 'sha256:cow',
  imageId: 'sha256:cow',
  size: 3,
  tags: [],
  digests: [],
  engine: 'unix:///fake.sock',
}

describe('saveImage', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-save-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('writes the archive, with its digest', async () => {
    const asked: unknown[] = []
    const engine = fakeEngine({
      inspect: async (name) => details(name === 'cow:lost' ? 'sha256:goat' : 'sha256:cow'),
      save: async (names) => {
        asked.push(names)
        return Readable.from([Buffer.from('mo'), Buffer.from('o')])
      },
    })
    const path = join(folder, 'out', 'cow.tar')
    const sha256 = createHash('sha256').update('moo').digest('hex')
    expect(await saveImage(engine, image, path, postProcessContext())).toEqual({
      type: 'docker-archive',
      id: path,
      files: [{ path, size: 3, sha256 }],
    })
    await saveImage(engine, { ...image, tags: ['cow:1', 'cow:lost', 'cow:2'] }, path, postProcessContext())
    expect(asked).toEqual([['sha256:cow'], ['cow:1', 'cow:2']])
    expect(await readFile(path, 'utf8')).toBe('moo')
    expect(await readdir(join(folder, 'out'))).toEqual(['cow.tar'])
  })

  it('leaves what was there, and nothing else, when it fails', async () => {
    const path = join(folder, 'cow.tar')
    await writeFile(path, 'old')
    const controller = new AbortController()
    const engine = fakeEngine({
      inspect: async (name) => details(name === 'cow:lost' ? 'sha256:goat' : 'sha256:cow'),
      save: async () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('new')
            controller.abort()
            await new Promise(() => undefined)
          })(),
        ),
    })
    await expect(saveImage(engine, image, path, postProcessContext({ signal: controller.signal }))).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(await readdir(folder)).toEqual(['cow.tar'])
    expect(await readFile(path, 'utf8')).toBe('old')
  })

  it('says where it cannot write', async () => {
    const engine = fakeEngine({ inspect: async () => details('sha256:cow'), save: async () => Readable.from([Buffer.from('moo')]) })
    await writeFile(join(folder, 'file'), '')
    await expect(saveImage(engine, image, join(folder, 'file', 'cow.tar'), postProcessContext())).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(`cannot write '${folder}/file/cow.tar'`),
    })
  })

  it('says when the engine stops', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.from('mo')
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    }
    const engine = fakeEngine({ inspect: async () => details('sha256:cow'), save: async () => Readable.from(broken()) })
    await expect(saveImage(engine, image, join(folder, 'cow.tar'), postProcessContext())).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('dockerSave', () => {
  it('says beforehand what it writes, when that is known', () => {
    expect(dockerSave({ path: 'cow.tar' }).outputs?.()).toEqual([{ path: 'cow.tar', at: ['path'] }])
    expect(dockerSave({ path: (facts) => `${facts.buildName}.tar` }).outputs?.()).toEqual([])
    expect(dockerSave({ path: '' }).validate?.()).toHaveLength(1)
  })
})
