import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { defineImage, run } from '@imago/core'
import { fakeBuilder, postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ArtificeOptions } from './artifice.ts'
import { artifice } from './artifice.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-artifice-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const input = { type: 'docker-image', id: 'sha256:moo' }

async function write(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), name)
  }
}

/** The names of the files that are found. */
async function found(files: ArtificeOptions['files']): Promise<readonly string[]> {
  const artifact = await artifice({ files }).process(input, postProcessContext({ directory, build: 'docker' }))
  expect(artifact).toMatchObject({ type: 'files', id: 'sha256:moo' })
  for (const { path, size } of artifact.files) expect(size).toBe(Buffer.byteLength(path.slice(directory.length + 1)))
  return artifact.files.map(({ path }) => path.slice(directory.length + 1))
}

describe('validation', () => {
  test.each([
    [{}, ['files: is required']],
    [{ files: [] }, ['files: must not be empty, not []']],
    [{ files: 'moo' }, [expect.stringContaining('files: must be ')]],
    [{ files: ['a', ''], file: 'b' }, ['files.1: must not be empty, not ""', "file: unknown option 'file'"]],
  ])('%j is wrong', (options, expected) => {
    const issues = artifice(options as unknown as ArtificeOptions).validate?.() ?? []
    expect(issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(expected)
  })

  test('files may come from the facts', () => {
    expect(artifice({ files: () => ['moo'] }).validate?.()).toEqual([])
  })
})

describe('the files', () => {
  test('are those that paths and patterns name, each once, hidden ones too', async () => {
    await write('out/b.deb', 'out/a.deb', 'out/.c.deb', 'out/deep/d.deb', 'cow')
    expect(await found(['cow', 'out/*.deb', 'out/a.*'])).toEqual(['cow', 'out/.c.deb', 'out/a.deb', 'out/b.deb'])
    expect(await found([join(directory, 'out/**/[bd].deb')])).toEqual(['out/b.deb', 'out/deep/d.deb'])
    expect(await found(({ buildName }) => [`out/${buildName === 'docker' ? 'a' : 'b'}.deb`])).toEqual(['out/a.deb'])
  })

  test('may have names that look like patterns', async () => {
    await write('cow [1].txt', 'cow 1.txt')
    expect(await found(['cow [1].txt'])).toEqual(['cow [1].txt'])
    expect(await found(['cow [[]1].txt'])).toEqual(['cow [1].txt'])
  })

  test.each(['calf', 'calf/*', 'out/*.rpm', 'cow/below'])('%s that is not there is told', async (missing) => {
    await write('out/a.deb', 'cow')
    await expect(found(['cow', missing])).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: `there is no file '${missing}' in '${directory}'`,
    })
  })

  test('are no folders', async () => {
    await write('out/a.deb')
    await expect(found(['out'])).rejects.toMatchObject({ code: 'INPUT_MISSING', hint: expect.stringContaining("out/**'") })
    expect(await found(['out/**'])).toEqual(['out/a.deb'])
  })

  test('are not looked for any longer than wanted', async () => {
    await write('out/a.deb')
    const context = postProcessContext({ directory, build: 'docker', signal: AbortSignal.abort(new Error('enough')) })
    await expect(artifice({ files: ['out/*'] }).process(input, context)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('that cannot be looked at are told as such', async () => {
    await symlink('loop', join(directory, 'loop'))
    await expect(found(['loop'])).rejects.toThrow(`cannot look at '${join(directory, 'loop')}'`)
  })
})

test('the artifact of the builder stays beside the files', async () => {
  await write('out/a.deb')
  const image = defineImage({ name: 'cow', builders: { fake: fakeBuilder() }, postProcessors: [artifice({ files: ['out/*'] })] })
  const report = await run(image, { directory, stateDirectory: join(directory, '.imago') })
  const [build] = report.builds
  expect(build?.error).toBeUndefined()
  const kept = build?.artifacts.map(({ type, files = [] }) => [type, ...files.map(({ path }) => path)])
  expect(kept).toEqual([[build?.artifact?.type], ['files', join(directory, 'out/a.deb')]])
})
