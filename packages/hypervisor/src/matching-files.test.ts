import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { isPattern, matchingFiles, patternFolder } from './matching-files.ts'
import { mediumEntries } from './medium-entries.ts'
import { matchedInputs, vmInputs } from './vm-checks.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-pattern-'))
  for (const path of [
    'a.cat',
    'a.inf',
    'b.inf',
    '.c.inf',
    'drivers/w10/net.inf',
    'drivers/w11/net.inf',
    'drivers/w11/x+y.sys',
    'drivers/readme',
  ]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), '')
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each<[pattern: string, files: readonly string[]]>([
  ['*.inf', ['.c.inf', 'a.inf', 'b.inf']],
  ['?.inf', ['a.inf', 'b.inf']],
  ['[b-z].inf', ['b.inf']],
  ['[^b].*', ['a.cat', 'a.inf']],
  ['./a.*', ['a.cat', 'a.inf']],
  ['.c*', ['.c.inf']],
  ['drivers/*/net.inf', ['drivers/w10/net.inf', 'drivers/w11/net.inf']],
  ['drivers/w1?/*', ['drivers/w10/net.inf', 'drivers/w11/net.inf', 'drivers/w11/x+y.sys']],
  ['drivers/w11/x+*', ['drivers/w11/x+y.sys']],
  ['*/w10', ['drivers/w10']],
])('%s', async (pattern, files) => {
  expect(isPattern(pattern)).toBe(true)
  expect(await matchingFiles(pattern, folder)).toEqual(files.map((path) => join(folder, path)))
  expect(await matchingFiles(join(folder, pattern), '/')).toEqual(files.map((path) => join(folder, path)))
})

test.each(['*.exe', 'nowhere/*', 'a.cat/*', '[z-a]'])('%s matches nothing', async (pattern) => {
  await expect(matchingFiles(pattern, folder)).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})

test('the folder that all of it is below', () => {
  expect(['*.inf', 'a/b*', 'a/*/c', '/a/b/[c]', 'a/b/c?'].map(patternFolder)).toEqual(['.', 'a', 'a', '/a/b', 'a/b'])
})

test('a medium has all that matches', async () => {
  const entries = await mediumEntries({ files: ['a.cat', 'drivers/w11/*', '?.inf'], directory: folder })
  expect(entries.map(({ path }) => path)).toEqual(['a.cat', 'a.inf', 'b.inf', 'net.inf', 'x+y.sys'])
})

test('a definition names the folder that all of it is below, and what matches', async () => {
  const options = { cd: { files: ['a.cat', 'drivers/w1?/*.inf'] }, floppy: { files: ['b.*'] } }
  expect(vmInputs(options)).toEqual([
    { path: 'a.cat', at: ['cd', 'files', 0] },
    { path: 'drivers', at: ['cd', 'files', 1], kind: 'directory' },
  ])
  expect(await matchedInputs(options, folder)).toEqual([
    { path: 'drivers/w10/net.inf', at: ['cd', 'files', 1] },
    { path: 'drivers/w11/net.inf', at: ['cd', 'files', 1] },
    { path: 'b.inf', at: ['floppy', 'files', 0] },
  ])
})
