import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyTree } from './copy-tree.ts'

const signal = new AbortController().signal
let folder = ''
const at = (path: string): string => join(folder, path)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-copy-'))
  await mkdir(at('tree/sub'), { recursive: true })
  await writeFile(at('tree/sub/a'), 'a')
})
afterEach(async () => await rm(folder, { recursive: true }))

describe('copyTree', () => {
  test('copies files, folders and their modes', async () => {
    await chmod(at('tree/sub/a'), 0o750)
    await mkdir(at('tree/empty'))
    await copyTree(at('tree'), at('copy'), { signal })
    expect(await readFile(at('copy/sub/a'), 'utf8')).toBe('a')
    expect((await stat(at('copy/sub/a'))).mode & 0o777).toBe(0o750)
    expect((await stat(at('copy/empty'))).isDirectory()).toBe(true)
    await copyTree(at('tree/sub/a'), at('b'), { signal })
    expect(await readFile(at('b'), 'utf8')).toBe('a')
  })

  test('keeps links inside the tree, and those to nothing', async () => {
    await symlink('sub/a', at('tree/inside'))
    await symlink('/opt/in/the/machine', at('tree/hanging'))
    await copyTree(at('tree'), at('copy'), { signal })
    expect(await readlink(at('copy/inside'))).toBe('sub/a')
    expect(await readlink(at('copy/hanging'))).toBe('/opt/in/the/machine')
  })

  test('follows links out of the tree, absolute ones, and the path itself', async () => {
    await mkdir(at('shared/deep'), { recursive: true })
    await writeFile(at('shared/deep/b'), 'b')
    await symlink('deep/b', at('shared/own'))
    await symlink('../shared', at('tree/out'))
    await symlink(at('tree/sub/a'), at('tree/absolute'))
    await symlink('tree', at('way'))
    await copyTree(at('way'), at('copy'), { signal })
    expect(await readFile(at('copy/out/deep/b'), 'utf8')).toBe('b')
    expect(await readlink(at('copy/out/own'))).toBe('deep/b')
    expect((await stat(at('copy/absolute'))).isFile()).toBe(true)
  })

  test.each([
    ['to the folder above', '..'],
    ['to the whole tree', undefined],
  ])('refuses a link %s', async (_, target) => {
    await symlink(target ?? at('tree'), at('tree/round'))
    await expect(copyTree(at('tree'), at('copy'), { signal })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringContaining(`the link '${at('tree/round')}' leads back to`),
    })
  })

  test('refuses links of two trees that lead to each other', async () => {
    await mkdir(at('other'))
    await symlink('../other', at('tree/other'))
    await symlink('../tree', at('other/tree'))
    await expect(copyTree(at('tree'), at('copy'), { signal })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test.each([
    ['work/x', ['sub', 'work']],
    ['.imago/work/x', ['sub']],
  ])('leaves out where it copies to: %s', async (work, names) => {
    await mkdir(at(`tree/${work}`), { recursive: true })
    await copyTree(at('tree'), at(`tree/${work}/copy`), { signal, workDirectory: at(`tree/${work}`) })
    expect(await readdir(at(`tree/${work}/copy`))).toEqual(names)
  })

  test('ends with its signal, and says what is not there', async () => {
    await expect(copyTree(at('tree'), at('copy'), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(copyTree(at('gone'), at('copy'), { signal })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })
})
