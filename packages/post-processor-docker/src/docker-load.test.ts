import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { FilesArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { details, fakeEngine } from '../test/fake-engine.ts'
import { dockerImport, importImage } from './docker-import.ts'
import type { ImageArchiveArtifact } from './docker-load.ts'
import { dockerLoad, loadImage } from './docker-load.ts'

let folder: string
let archive: ImageArchiveArtifact
let rootfs: FilesArtifact
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-load-'))
  const path = join(folder, 'cow.tar')
  await writeFile(path, 'moo')
  archive = { type: 'oci-archive', id: path, files: [{ path, size: 3 }] }
  rootfs = { type: 'docker-rootfs', id: path, files: [{ path, size: 3 }] }
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('loadImage', () => {
  it('loads the archive and gives it names', async () => {
    const calls: unknown[] = []
    const engine = fakeEngine({
      load: async (stream) => {
        calls.push(await text(stream))
        return ['cow:old']
      },
      inspect: async () => details('sha256:cow'),
      tag: async (id, name) => void calls.push([id, name]),
    })
    const ctx = postProcessContext()
    const result = await loadImage(engine, archive, { repository: 'cow', tags: ['new'] }, ctx)
    expect(calls).toEqual(['moo', ['sha256:cow', { repository: 'cow', tag: 'new' }]])
    expect(result).toMatchObject({ type: 'docker-image', imageId: 'sha256:cow', tags: ['cow:old', 'cow:new'], engine: 'unix:///fake.sock' })
    expect(ctx.said.events).toContainEqual({ type: 'progress', task: 'load into Docker', done: 3, total: 3, unit: 'bytes' })
  })

  it('refuses an archive of several images', async () => {
    const engine = fakeEngine({ load: async () => ['cow:1', 'goat:1'], inspect: async (name) => details(`sha256:${name}`) })
    await expect(loadImage(engine, archive, {}, postProcessContext())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('says which file cannot be read', async () => {
    const missing: ImageArchiveArtifact = { ...archive, files: [{ path: join(folder, 'gone.tar'), size: 3 }] }
    const engine = fakeEngine({ load: async (stream) => [await text(stream)] })
    await expect(loadImage(engine, missing, {}, postProcessContext())).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(loadImage(engine, { ...archive, files: [] }, {}, postProcessContext())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('needs a repository for tags', () => {
    expect(dockerLoad({ tags: ['1'] }).validate?.()).toEqual([{ path: ['tags'], message: "need a 'repository' beside them" }])
    expect(dockerLoad({ engine: { host: 'a', context: 'b' } }).validate?.()).toHaveLength(1)
    expect(dockerLoad().validate?.()).toEqual([])
  })
})

describe('importImage', () => {
  it('hands on what it is told, and the platform of the artifact', async () => {
    const calls: unknown[] = []
    const engine = fakeEngine({
      import: async (stream, { signal, ...options } = {}) => {
        calls.push(await text(stream), signal?.aborted, options)
        return 'sha256:cow'
      },
      inspect: async (id) => details(id),
    })
    const changes = ['CMD ["moo"]']
    const input = { ...rootfs, platform: 'linux/arm64' }
    const result = await importImage(engine, input, { repository: 'cow', changes, message: 'made' }, postProcessContext())
    expect(calls).toEqual(['moo', false, { name: { repository: 'cow', tag: 'latest' }, changes, message: 'made', platform: 'linux/arm64' }])
    expect(result).toMatchObject({ imageId: 'sha256:cow', tags: ['cow:latest'] })
    await importImage(engine, rootfs, { platform: 'linux/amd64' }, postProcessContext())
    expect(calls.at(-1)).toEqual({ platform: 'linux/amd64' })
  })

  it('takes the root file system that an artifact names among its files', async () => {
    const sent: string[] = []
    const engine = fakeEngine({
      import: async (stream) => {
        sent.push(await text(stream))
        return 'sha256:cow'
      },
      inspect: async (id) => details(id),
    })
    const [file] = rootfs.files
    const disk = { path: '/nowhere/disk.qcow2', size: 1 }
    const vm = { type: 'qemu-disk', id: 'x', files: [disk, ...rootfs.files], rootfs: { ...file } }
    await importImage(engine, vm, {}, postProcessContext())
    expect(sent).toEqual(['moo'])
    const other = { ...vm, rootfs: { path: '/etc/passwd', size: 1 } }
    await expect(importImage(engine, other, {}, postProcessContext())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('refuses what is an image already', async () => {
    await expect(importImage(fakeEngine({}), archive, {}, postProcessContext())).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: 'use dockerLoad for it',
    })
  })

  it('reports every mistake', () => {
    const wrong = { tag: '1', platform: 'arm64', changes: [''] }
    expect(
      dockerImport(wrong)
        .validate?.()
        .map(({ path }) => path),
    ).toEqual([['changes', 0], ['platform'], ['tag']])
  })
})
