import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { openRegistry } from '@imago/container-registry'
import type { ArtifactFile, DockerImageArtifact, FilesArtifact } from '@imago/core'
import { secret } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import type { DockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { startDockerRegistry } from '../../container-registry/test/docker-registry.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { dockerImport, dockerLoad, dockerPush, dockerSave, dockerTag } from '../src/index.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ docker: 'docker version', registry: 'docker-registry --version' })
const mark = `imago-test-${process.pid}`

const imageIds = async (name: string): Promise<string> => (await run('docker', ['images', '--no-trunc', '-q', name])).stdout.trim()

describe.skipIf(skip !== '')(`images of a real engine${skip}`, () => {
  let folder: string
  let open: DockerRegistry
  let locked: DockerRegistry
  let rootfs: FilesArtifact
  let image: DockerImageArtifact
  const context = (): ReturnType<typeof postProcessContext> => postProcessContext({ directory: folder })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-docker-'))
    vi.stubEnv('DOCKER_CONFIG', folder)
    await mkdir(join(folder, 'root', 'etc'), { recursive: true })
    await writeFile(join(folder, 'root', 'etc', 'motd'), `moo ${mark}`)
    const path = join(folder, 'root.tar')
    await run('tar', ['-C', join(folder, 'root'), '-cf', path, '.'])
    const file: ArtifactFile = { path, size: (await readFile(path)).length }
    rootfs = { type: 'docker-rootfs', id: path, files: [file] }
    ;[open, locked] = await Promise.all([startDockerRegistry(), startDockerRegistry({ login: true })])
    image = await dockerImport({ repository: mark, changes: ['CMD ["moo"]'], message: 'made by a test' }).process(rootfs, context())
  })
  afterAll(async () => {
    const left = (await run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout
      .split('\n')
      .filter((name) => name.includes(mark))
    if (left.length > 0) await run('docker', ['rmi', '-f', ...left])
    await Promise.all([open.stop(), locked.stop()])
    await rm(folder, { recursive: true })
    vi.unstubAllEnvs()
  })

  it('imports a root file system with its configuration', async () => {
    const { stdout } = await run('docker', ['inspect', mark, '--format', '{{.Id}} {{.Config.Cmd}} {{.Comment}}'])
    expect(stdout.trim()).toBe(`${image.imageId} [moo] made by a test`)
    expect(image).toMatchObject({ type: 'docker-image', id: image.imageId, tags: [`${mark}:latest`], digests: [] })
    expect(image.size).toBeGreaterThan(0)
  })

  it('removes what it imported, but not the names of others', async () => {
    const made = await dockerImport({ message: 'another' }).process(rootfs, context())
    expect(made.tags).toEqual([])
    await run('docker', ['tag', made.imageId, `${mark}:others`])
    const step = dockerImport()
    await step.destroyArtifact?.(made, context())
    expect(await imageIds(`${mark}:others`)).toBe(made.imageId)
    await run('docker', ['rmi', `${mark}:others`])
    await step.destroyArtifact?.(made, context())
    await expect(run('docker', ['inspect', made.imageId])).rejects.toThrow(/No such object/)
  })

  it('pushes all names to a registry, and knows the digest', async () => {
    const repository = `${open.host}/${mark}/cow`
    const tagged = await dockerTag({ repository, tags: ['1.0', 'latest'] }).process({ ...image, tags: [] }, context())
    expect(tagged.tags).toEqual([`${repository}:1.0`, `${repository}:latest`])
    const ctx = context()
    const pushed = await dockerPush().process(tagged, ctx)
    const found = await Promise.all(tagged.tags.map((name) => openRegistry(name).manifest()))
    expect(pushed.digests).toEqual([`${repository}@${found[0]?.descriptor.digest}`])
    expect(found[0]?.descriptor).toEqual(found[1]?.descriptor)
    expect(found[0]?.manifest.config.digest).toBe(image.imageId)
    expect(ctx.said.events.filter(({ type }) => type === 'message')).toHaveLength(2)
  })

  it('logs in with what it is given, or with what Docker knows', async () => {
    const repository = `${locked.host}/${mark}/cow`
    const tagged = await dockerTag({ repository }).process({ ...image, tags: [] }, context())
    await expect(dockerPush().process(tagged, context())).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    const wrong = { username: 'daisy', password: secret('thistles') }
    await expect(dockerPush({ login: wrong }).process(tagged, context())).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    const right = { username: 'daisy', password: secret('grass-and-clover') }
    await expect(dockerPush({ login: right }).process(tagged, context())).resolves.toMatchObject({
      digests: [expect.stringContaining(repository)],
    })

    const auth = Buffer.from('daisy:grass-and-clover').toString('base64')
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }))
    await expect(dockerPush().process(tagged, context())).resolves.toBeDefined()
    await rm(join(folder, 'config.json'))
  })

  it('says that a registry is not there', async () => {
    const tagged = await dockerTag({ repository: `127.0.0.1:1/${mark}` }).process({ ...image, tags: [] }, context())
    await expect(dockerPush().process(tagged, context())).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:NETWORK|PROVIDER_FAILED)$/),
    })
  })

  it('takes its names away again, and only its own', async () => {
    const step = dockerTag({ repository: `${mark}-names`, tags: ['1', '2'] })
    const tagged = await step.process(image, context())
    await run('docker', ['rmi', `${mark}-names:2`])
    await step.destroyArtifact?.(tagged, context())
    expect(await imageIds(`${mark}-names`)).toBe('')
    expect(await imageIds(mark)).toBe(image.imageId)
  })

  it('saves an image and loads it again', async () => {
    const save = dockerSave({ path: ({ buildName }) => `out/${buildName}.tar` })
    const saved = await save.process(image, context())
    const [file] = saved.files
    const content = await readFile(file.path)
    expect(file).toMatchObject({ size: content.length, sha256: createHash('sha256').update(content).digest('hex') })
    expect(await readdir(join(folder, 'out'))).toHaveLength(1)

    await run('docker', ['rmi', '-f', image.imageId])
    const step = dockerLoad({ repository: `${mark}-loaded`, tags: ['1.0'] })
    const loaded = await step.process(saved, context())
    expect(loaded).toMatchObject({ imageId: image.imageId, tags: [`${mark}:latest`, `${mark}-loaded:1.0`] })
    expect(await imageIds(`${mark}-loaded:1.0`)).toBe(image.imageId)
    await step.destroyArtifact?.(loaded, context())
    await expect(run('docker', ['inspect', image.imageId])).rejects.toThrow(/No such object/)
    image = await dockerLoad().process(saved, context())
    expect(image.tags).toEqual([`${mark}:latest`])
  })

  it('says what it cannot load, import or tag', async () => {
    const path = join(folder, 'junk.tar')
    await writeFile(path, 'moo '.repeat(1000))
    const junk = { type: 'docker-archive' as const, id: path, files: [{ path, size: 4000 }] }
    await expect(dockerLoad().process(junk, context())).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    await expect(dockerImport().process({ ...junk, type: 'files' }, context())).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    const gone = { ...image, imageId: `sha256:${'0'.repeat(64)}`, tags: [] }
    await expect(dockerTag({ repository: mark }).process(gone, context())).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(dockerSave({ path: 'gone.tar' }).process(gone, context())).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    expect(await readdir(folder)).not.toContain('gone.tar')
  })
})
