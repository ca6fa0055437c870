import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { SmallFiles } from './small-files.ts'

describe.each([
  ['directly', Number.POSITIVE_INFINITY],
  ['through the thread pool, when everything counts as slow', -1],
])('small files, read %s', (_, slowMs) => {
  let folder = ''
  const path = (name: string): Buffer => Buffer.from(join(folder, name))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-small-'))
    await writeFile(join(folder, 'empty'), '')
    await writeFile(join(folder, 'small'), 'moo')
    await writeFile(join(folder, 'large'), 'moooo')
    await symlink('small', join(folder, 'link'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('have their content, and larger ones do not', async () => {
    const files = new SmallFiles(4, slowMs)
    const read = async (name: string): Promise<unknown> => {
      const { stats, content } = await files.read(path(name))
      return [stats.size, content === undefined ? undefined : Buffer.from(content).toString()]
    }
    expect(await Promise.all(['small', 'empty', 'large', 'small'].map(read))).toEqual([
      [3, 'moo'],
      [0, ''],
      [5, undefined],
      [3, 'moo'],
    ])
  })

  it('are looked at without following links, and read likewise', async () => {
    const files = new SmallFiles(4, slowMs)
    for (let round = 0; round < 2; round++) {
      expect((await files.look(path('link'))).isSymbolicLink()).toBe(true)
      await expect(files.read(path('link'))).rejects.toMatchObject({ code: 'ELOOP' })
      await expect(files.read(path('none'))).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(files.read(Buffer.from(folder))).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    }
  })
})
