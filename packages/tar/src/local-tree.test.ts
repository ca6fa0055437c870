import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { localTree } from './local-tree.ts'
import { Pace } from './pace.ts'

describe.each([
  ['directly', Number.POSITIVE_INFINITY],
  ['through the thread pool, when everything counts as slow', -1],
])('a tree, listed %s', (_, slowMs) => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-tree-'))
    await mkdir(join(folder, 'b/deep'), { recursive: true })
    for (const name of ['a', 'b/x', 'b/deep/y', 'c', 'd', 'e']) await writeFile(join(folder, name), '')
    await symlink('b', join(folder, 'link'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  const list = async (batchSize: number, isIncluded?: (below: string) => boolean): Promise<readonly string[]> => {
    const batches: string[] = []
    const options = { batchSize, pace: new Pace(slowMs), ...(isIncluded !== undefined && { isIncluded }) }
    for await (const batch of localTree(Buffer.from(folder), options)) batches.push(batch.map(({ below }) => below.toString()).join(' '))
    return batches
  }

  it('comes in batches, a directory before its content', async () => {
    expect(await list(3)).toEqual(['a b', 'b/deep', 'b/deep/y', 'b/x', 'c d e', 'link'])
    expect(await list(100)).toEqual(['a b', 'b/deep', 'b/deep/y', 'b/x', 'c d e link'])
  })

  it('comes without what is not included, and what is below that', async () => {
    expect(await list(100, (below) => below !== 'b/deep' && below !== 'd')).toEqual(['a b', 'b/x', 'c e link'])
  })
})
