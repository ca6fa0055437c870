import { describe, expect, test } from 'vitest'

import { parseReport } from './remote-digests.ts'

const sha = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('what a machine reports of its files', () => {
  test.each([
    ['GNU', '-rwxr-x--- 1 1000 33 12 Nov 22 20:40 ./a b', `${sha}  ./a b`],
    ['with a mark of an access list', '-rwxr-x---+ 1 1000 33 12 Jan  1  2020 ./a b', `${sha}  ./a b`],
    ['binary mode', '-rwxr-x---. 1 1000   33 12 Nov 22 20:40 ./a b', `${sha} *./a b`],
    ['BSD, and its digest', '-rwxr-x---@ 1 1000  33  12 Nov 22 20:40 ./a b', `${sha} ./a b`],
  ])('%s', (_, list, digest) => {
    const { files } = parseReport(`${list}\n${digest}\n`)
    expect(files).toEqual(new Map([['a b', { size: 12, mode: 0o750, uid: 1000, gid: 33, sha256: sha }]]))
  })
  test.each([
    ['rwsr-xr-x', 0o4755],
    ['rw-r-Sr--', 0o2644],
    ['rwxrwxrwt', 0o1777],
    ['---------', 0],
  ])('permissions %s', (permissions, mode) => {
    const { files } = parseReport(`-${permissions} 1 0 0 0 Nov 22 20:40 ./f\n${sha}  ./f\n`)
    expect(files.get('f')?.mode).toBe(mode)
  })
  test('names that look like a report', () => {
    const odd = `d ./${sha}  ./x`
    const { files, directories } = parseReport(`d ./sub\nd ./ d\n-rw-r--r-- 1 0 0 1 Nov 22 20:40 ./${odd}\n${sha}  ./${odd}\n`)
    expect([...files.keys()]).toEqual([odd])
    expect(directories).toEqual(new Set(['sub', ' d']))
  })
  test('a file of which only one line came', () => {
    expect(parseReport(`-rw-r--r-- 1 0 0 1 Nov 22 20:40 ./one\n${sha}  ./two\nls: ./three: nothing\n`).files.size).toBe(0)
  })
})
