import { expect, test } from 'vitest'

import { checksumLines } from './checksum-lines.ts'

test('a line for each file, sorted by name', () => {
  const lines = [
    { name: 'b/two', digest: '22' },
    { name: 'a one', digest: '11' },
  ]
  expect(checksumLines(lines)).toBe('11  a one\n22  b/two\n')
})

test('names that would break a line are escaped, and the line says so', () => {
  expect(checksumLines([{ name: 'a\nb\\c\rd', digest: '11' }])).toBe('\\11  a\\nb\\\\c\\rd\n')
})
