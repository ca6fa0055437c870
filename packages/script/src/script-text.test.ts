import { describe, expect, test } from 'vitest'

import { asShellCommand, shebang, withUnixLines } from './script-text.ts'

describe('withUnixLines', () => {
  test('makes CRLF to LF and drops a byte order mark', () => {
    expect(withUnixLines(Buffer.from('\uFEFF#!/bin/sh\r\necho a\r\n')).toString()).toBe('#!/bin/sh\necho a\n')
  })
  test('leaves everything else as it is', () => {
    const bytes = Buffer.from([0xff, 0x0d, 0x0d, 0x0a, 0x00, 0x80, 0x0d])
    expect([...withUnixLines(bytes)]).toEqual([0xff, 0x0d, 0x0a, 0x00, 0x80, 0x0d])
    const plain = Buffer.from('a\nb')
    expect(withUnixLines(plain).equals(plain)).toBe(true)
  })
})

test.each([
  ['#!/bin/bash\nx', ['/bin/bash']],
  ['#! /usr/bin/env  bash \nx', ['/usr/bin/env', 'bash']],
  ['#!/usr/bin/env -S bash -e\n', ['/usr/bin/env', '-S bash -e']],
  ['#!/bin/sh -eu', ['/bin/sh', '-eu']],
  ['#!\n', undefined],
  ['echo', undefined],
  ['', undefined],
])('shebang of %j', (content, expected) => {
  expect(shebang(Buffer.from(content))).toEqual(expected)
})

describe('asShellCommand', () => {
  const command = (content: string | Uint8Array, ...interpreter: readonly string[]): string | undefined =>
    asShellCommand(Buffer.from(content), interpreter)
  test('is the text itself for a plain shell', () => {
    expect(command('#!/bin/sh\necho a', '/bin/sh')).toBe('#!/bin/sh\necho a')
    expect(command('echo a', '/usr/bin/env', 'sh')).toBe('echo a')
  })
  test('sets the options, and keeps the numbers of the lines', () => {
    expect(command('#!/bin/sh -eu\necho a', '/bin/sh', '-eu')).toBe('set -eu\necho a')
    expect(command('echo a\n', '/bin/sh', '-e')).toBe('set -e\necho a\n')
    expect(command('#!/bin/sh', 'sh', '-e')).toBe('set -e\n')
  })
  test('is nothing for other interpreters and options', () => {
    expect(command('x', '/bin/bash')).toBeUndefined()
    expect(command('x', '/bin/sh', '-s')).toBeUndefined()
    expect(command('x', '/bin/sh', '-e', '-u')).toBeUndefined()
    expect(command('x', '/usr/bin/env', 'python3')).toBeUndefined()
    expect(command('x')).toBeUndefined()
  })
  test('is nothing for what is no text', () => {
    expect(command(Buffer.from([0xff]), 'sh')).toBeUndefined()
    expect(command(Buffer.from([0x61, 0]), 'sh')).toBeUndefined()
  })
})
