import { expect, it } from 'vitest'

import { below, bytePath, compareBytes, fromBytes, namesOf, rootPath, splitPath, toBytes, toText } from './byte-path.ts'

it('keeps every byte', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  expect(toBytes(fromBytes(bytes))).toEqual(bytes)
  expect(toText(bytePath('/srv/ü☃'))).toBe('/srv/ü☃')
})

it('takes paths apart and puts them together', () => {
  expect(namesOf(bytePath('/a//b/./../c/'))).toEqual(['a', 'b', '..', 'c'])
  expect(below(rootPath, bytePath('a'))).toBe('a')
  expect(below(bytePath('a'), bytePath('b'))).toBe('a/b')
  expect(splitPath(bytePath('a/b/c'))).toEqual({ parent: 'a/b', name: 'c' })
  expect(splitPath(bytePath('a'))).toEqual({ parent: '', name: 'a' })
})

it('sorts by bytes', () => {
  const names = ['b', 'ä', 'a', 'Z', 'a/b', '\u{10000}', '\uffff'].map(bytePath)
  expect(names.toSorted(compareBytes).map(toText)).toEqual(['Z', 'a', 'a/b', 'b', 'ä', '\uffff', '\u{10000}'])
})
