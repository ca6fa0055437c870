import { expect, test } from 'vitest'

import { ignoreRules } from './docker-ignore.ts'

test.each([
  ['*.log', { 'a.log': true, 'sub/a.log': false }],
  ['**/*.log', { 'a.log': true, 'sub/deep/a.log': true, 'a.log.txt': false }],
  ['sub', { sub: true, 'sub/file': true, subway: false, 'other/sub': false }],
  ['/sub/', { sub: true, 'sub/file': true }],
  ['*/temp*', { 'a/temporary': true, 'a/b/temp': false, temp: false }],
  ['temp?', { tempa: true, temp: false, 'temp/x': false }],
  ['[a-c]x', { ax: true, dx: false }],
  ['[^a]x', { ax: false, bx: true }],
  ['a\\*b', { 'a*b': true, axb: false }],
  ['*.md\n!README.md', { 'a.md': true, 'README.md': false }],
  ['*\n!kept/file', { kept: true, 'kept/file': false, 'kept/other': true }],
  ['# not me\n\n  spaced  ', { '# not me': false, spaced: true }],
  ['a/../b/./c', { 'b/c': true, 'a/b/c': false }],
  ['docs/**', { 'docs/a': true, 'docs/a/b': true, docs: false }],
  ['a/**/b', { 'a/b': true, 'a/x/y/b': true, ab: false }],
  ['.git\r\nnode_modules\r\n', { '.git/config': true, node_modules: true }],
  ['a.b(c)+', { 'a.b(c)+': true, 'axb(c)+': false }],
])('%j', (text, expected) => {
  const rules = ignoreRules(text)
  expect(Object.fromEntries(Object.keys(expected).map((path) => [path, rules.ignores(path)]))).toEqual(expected)
})

test('exceptions are known', () => {
  expect(ignoreRules('*\n!a').hasExceptions).toBe(true)
  expect(ignoreRules('*').hasExceptions).toBe(false)
})
