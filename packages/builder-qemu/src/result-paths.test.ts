import { expect, test } from 'vitest'

import { resultPaths, rootfsOf } from './result-paths.ts'

test('every disk has a name of its own, and what is asked for comes beside them', () => {
  const result = { format: 'qcow2', path: 'out/cow.v1.qcow2', rootfs: true, nvram: 'out/cow.nvram' } as const
  expect(resultPaths(result, 3).map(({ path }) => path)).toEqual([
    'out/cow.v1.qcow2',
    'out/cow.v1-1.qcow2',
    'out/cow.v1-2.qcow2',
    'out/cow.v1.tar',
    'out/cow.nvram',
  ])
})

test('results that are not disks', () => {
  expect(resultPaths({ format: 'rootfs', path: 'root.tar' }, 1)).toEqual([{ path: 'root.tar', at: ['result', 'path'] }])
  expect(resultPaths({ format: 'none' }, 1)).toEqual([])
})

test('a path without an ending', () => {
  expect(rootfsOf({ format: 'raw', path: 'out/disk', rootfs: true })).toEqual({ path: 'out/disk.tar' })
  expect(resultPaths({ format: 'raw', path: 'out/disk' }, 2).at(-1)?.path).toBe('out/disk-1')
})
