import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { directoryHash } from '../src/provenance/directory-hash.ts'
import type { Artifact, Builder, Image, Provenance, RunOptions } from '../src/index.ts'
import { artifactOf, defineImage, run, secret } from '../src/index.ts'
import type { BoxLog } from './box.ts'
import { box, put } from './box.ts'
import { files, machine, runOptions, step, temporaryDirectory, thing } from './fixtures.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function provenanceOf(image: Image | readonly Image[], options: RunOptions, build = 0): Promise<Provenance> {
  const report = await run(image, { provenance: true, ...options })
  const found = report.builds[build]
  if (found?.provenance === undefined) throw new Error(found?.error?.message ?? 'nothing tells how it was built')
  return found.provenance
}

/** Makes what it is told. */
function makes<A extends Artifact>(artifact: A, more: Partial<Builder<A>> = {}): Builder<A> {
  return {
    kind: 'builder',
    type: 'maker',
    options: {},
    makes: { type: artifact.type, files: false },
    async build(ctx) {
      ctx.startsFrom({ name: 'debian:12', uri: 'pkg:docker/debian@12', digest: { sha256: 'a'.repeat(64) } })
      await ctx.provision(machine)
      return artifact
    },
    ...more,
  }
}

describe('what a build started from', () => {
  test('is what the builder says, the files that it and its steps read, and what was given', async () => {
    const options = await runOptions()
    await writeFile(join(options.directory, 'motd'), 'moo')
    await mkdir(join(options.directory, 'site/deep'), { recursive: true })
    await writeFile(join(options.directory, 'site/deep/index.html'), '<p>')
    const reads = { ...step(() => undefined), inputs: () => [{ path: 'site', at: [] }] }
    const image = defineImage({
      name: 'cow',
      builders: { a: makes({ type: 'thing', id: '1' }, { inputs: () => [{ path: 'motd', at: [] }] }) },
      provisioners: [reads, reads],
    })
    const { materials } = await provenanceOf(image, {
      ...options,
      provenance: { materials: [{ name: 'image.ts', digest: { sha256: 'b' } }] },
    })
    expect(materials).toEqual([
      { name: 'image.ts', digest: { sha256: 'b' } },
      { name: 'motd', digest: { sha256: sha256('moo') } },
      { name: 'site', digest: { dirHash: sha256(`${sha256('<p>')}  deep/index.html\n`) } },
      { name: 'debian:12', uri: 'pkg:docker/debian@12', digest: { sha256: 'a'.repeat(64) } },
    ])
  })

  test('is what another build made', async () => {
    const options = await runOptions()
    const digest = `sha256:${'c'.repeat(64)}`
    const base = defineImage({ name: 'base', builders: { a: makes({ type: 'image', id: digest }) } })
    const image = defineImage({ name: 'cow', builders: { b: thing({ from: artifactOf(base, 'a') }) } })
    const { materials } = await provenanceOf([image], options, 1)
    expect(materials).toEqual([{ name: 'base.a', digest: { sha256: 'c'.repeat(64) } }])
  })
})

describe('what was made', () => {
  const subjects = async (artifact: Artifact): Promise<unknown> => {
    const { artifacts } = await provenanceOf(defineImage({ name: 'cow', builders: { a: makes(artifact) } }), await runOptions())
    return artifacts.flatMap((each) => each.subjects)
  }
  const digest = 'd'.repeat(64)

  test('is an image by its id, and by the digests of registries', async () => {
    const digests = [`ghcr.io/farm/cow@sha256:${'e'.repeat(64)}`, 'nonsense', 5]
    const pushed = { type: 'docker-image', id: `sha256:${digest}`, digests }
    expect(await subjects(pushed)).toEqual([
      { name: 'cow.a', digest: { sha256: digest } },
      { name: 'ghcr.io/farm/cow', digest: { sha256: 'e'.repeat(64) } },
    ])
  })

  test('is an id where there is no digest', async () => {
    expect(await subjects({ type: 'amazon-ami', id: 'us-west-2:ami-1' })).toEqual([
      { name: 'cow.a:us-west-2:ami-1', digest: { 'amazon-ami': 'us-west-2:ami-1' } },
    ])
  })

  test('is files, also those whose digest nobody has computed; other files of steps are by-products', async () => {
    const options = await runOptions()
    const builder = files(async ({ directory }) => {
      await writeFile(join(directory, 'disk'), 'one')
      await writeFile(join(directory, 'disk.vars'), 'two')
      await writeFile(join(directory, 'sbom.json'), '{}')
      const known = { path: join(directory, 'disk'), size: 3, sha256: sha256('one') }
      return { type: 'files', id: `sha256:${known.sha256}`, files: [known, { path: join(directory, 'disk.vars'), size: 3 }] }
    })
    const writes = {
      ...step(() => undefined),
      outputs: () => ['sbom.json', 'disk', 'not-written'].map((path) => ({ path, at: [], shared: true })),
    }
    const image = defineImage({ name: 'cow', builders: { a: builder }, provisioners: [writes] })
    const provenance = await provenanceOf(image, options)
    expect(provenance.artifacts.map((each) => each.subjects)).toEqual([
      [
        { name: 'disk', digest: { sha256: sha256('one') } },
        { name: 'disk.vars', digest: { sha256: sha256('two') } },
      ],
    ])
    expect(provenance.byproducts).toEqual([{ name: 'sbom.json', digest: { sha256: sha256('{}') } }])
    expect(Date.parse(provenance.finishedAt)).toBeGreaterThanOrEqual(Date.parse(provenance.startedAt))
  })
})

test('what was told to be done has no secret in it, in whatever form', async () => {
  const hush = `hush'"$ \\/ü&hush`
  const forms = [
    hush,
    Buffer.from(hush).toString('base64'),
    Buffer.from(hush).toString('hex'),
    encodeURIComponent(hush),
    JSON.stringify(hush),
  ]
  const image = defineImage({
    name: 'cow',
    builders: { a: makes({ type: 'thing', id: '1' }, { options: { env: { PASSWORD: secret(hush) }, run: forms } }) },
    provisioners: [step(() => undefined, { given: { text: forms.join(' ') } })],
    secrets: [secret(hush)],
  })
  const materials = [{ name: hush, uri: `https://${encodeURIComponent(hush)}@example.org`, digest: { sha256: '1' } }]
  const provenance = await provenanceOf(image, { ...(await runOptions()), provenance: { materials } })
  const text = JSON.stringify(provenance)
  for (const form of [...forms, 'hush', Buffer.from('hush').toString('base64').slice(0, 5)]) expect(text).not.toContain(form)
  expect(provenance.definition).toMatchObject({ build: 'a', builderType: 'maker', options: { env: { PASSWORD: { $secret: true } } } })
})

test('steps that did not run are named; a build that is up to date has nothing to tell', async () => {
  const options = { ...(await runOptions()), cache: true }
  const log: BoxLog = { ran: [], made: 0 }
  const image = (text: string): Image =>
    defineImage({
      name: 'cow',
      builders: { box: box(log) },
      provisioners: [put(log, { file: 'a', text: '1' }), put(log, { file: 'b', text })],
    })
  expect((await provenanceOf(image('1'), options)).cachedSteps).toEqual([])
  expect((await provenanceOf(image('2'), options)).cachedSteps).toEqual(['provisioners[0]'])
  const again = await run(image('2'), { ...options, provenance: true })
  expect(again.builds[0]).toMatchObject({ upToDate: true })
  expect(again.builds[0]?.provenance).toBeUndefined()
})

test('nothing is told of builds that fail, or when nobody asks', async () => {
  const options = await runOptions()
  const image = defineImage({ name: 'cow', builders: { a: makes({ type: 'thing', id: '1' }) } })
  expect((await run(image, options)).builds[0]?.provenance).toBeUndefined()
  const broken: Image = { ...image, provisioners: [step(() => Promise.reject(new Error('broken')))] }
  expect((await run(broken, { ...options, provenance: true })).builds[0]).not.toHaveProperty('provenance')
})

test('a definition that is edited during the build is refused: nobody could tell of it', async () => {
  const image = defineImage({
    name: 'cow',
    builders: { a: makes({ type: 'thing', id: '1' }) },
    provisioners: [step(() => Promise.reject(new Error('broken')))],
  })
  const onError = () => Promise.resolve({ retryWith: { ...image, provisioners: [] } })
  const options = await runOptions()
  expect((await run(image, { ...options, onError })).status).toBe('succeeded')
  const [build] = (await run(image, { ...options, onError, provenance: true })).builds
  expect(build).toMatchObject({ status: 'failed', error: { code: 'USAGE', message: expect.stringContaining('provenance') } })
})

test('the digest of a directory is what the usual programs compute', async () => {
  const directory = await temporaryDirectory()
  for (const [name, text] of Object.entries({ 'a/b': '1', 'a.b': '2', 'a/B/c': '3', Z: '4', 'ü/x': '5' })) {
    await mkdir(join(directory, name, '..'), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  await mkdir(join(directory, 'empty'))
  await symlink('Z', join(directory, 'link'))
  await chmod(join(directory, 'Z'), 0o600)
  const script = 'find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d" "'
  const expected = execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8' }).trim()
  expect(await directoryHash(directory, new AbortController().signal)).toBe(expected)
})
