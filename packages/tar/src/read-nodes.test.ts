import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { LocalNode } from './local-tree.ts'
import { Pace } from './pace.ts'
import { readNodes } from './read-nodes.ts'

describe.each([
  ['directly', Number.POSITIVE_INFINITY],
  ['through the thread pool, when everything counts as slow', -1],
])('what is small, read %s', (_, slowMs) => {
  let folder = ''
  const node = (name: string, isFile = true): LocalNode => ({ path: Buffer.from(join(folder, name)), below: Buffer.from(name), isFile })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-small-'))
    await writeFile(join(folder, 'empty'), '')
    await writeFile(join(folder, 'small'), 'moo')
    await writeFile(join(folder, 'large'), 'moooo')
    await symlink('small', join(folder, 'link'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('has its content, and what is larger has not', async () => {
    const options = { limit: 4, pace: new Pace(slowMs) }
    const read = await readNodes(
      ['small', 'empty', 'large', 'small'].map((name) => node(name)),
      options,
    )
    expect(read.map(({ stats, content }) => [stats.size, content && Buffer.from(content).toString()])).toEqual([
      [3, 'moo'],
      [0, ''],
      [5, undefined],
      [3, 'moo'],
    ])
  })

  it('is told by its kind, and links are not followed', async () => {
    const options = { limit: 4, pace: new Pace(slowMs) }
    for (let round = 0; round < 2; round++) {
      const [file, link, directory] = await readNodes([node('small'), node('link', false), node('.', false)], options)
      expect(file?.stats.isFile()).toBe(true)
      expect(link?.linkName?.toString()).toBe('small')
      expect(directory?.stats.isDirectory()).toBe(true)
      await expect(readNodes([node('small'), node('link')], options)).rejects.toMatchObject({ code: 'ELOOP' })
      await expect(readNodes([node('small'), node('none')], options)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(readNodes([node('small'), node('.')], options)).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    }
  })

  it('comes in order when only some of it is slow', async () => {
    const options = { limit: 4, pace: new Pace(slowMs) }
    const names = Array.from({ length: 100 }, (__, index) => ['small', 'empty', 'large'][index % 3] ?? '')
    const read = await readNodes(
      names.map((name) => node(name)),
      options,
    )
    expect(read.map(({ stats }) => stats.size)).toEqual(names.map((name) => ({ small: 3, empty: 0, large: 5 })[name]))
  })
})
