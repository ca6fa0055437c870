import { spawnSync } from 'node:child_process'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { shellExports, shellJoin, shellQuote } from './posix.ts'

const word = fc.string({ unit: fc.constantFrom('a', "'", '"', ' ', '\n', '\\', '$', '`', '!', '*', ';', 'é', '-', '%') })

function sh(script: string): string {
  return spawnSync('/bin/sh', { input: script, encoding: 'utf8' }).stdout
}

test('a quoted word comes back unchanged (property)', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      expect(
        sh(`printf '%s\\0' ${words.map(shellQuote).join(' ')}`)
          .split('\0')
          .slice(0, -1),
      ).toEqual(words)
    }),
    { numRuns: 30 },
  )
})

test('simple words stay readable', () => {
  expect(shellJoin(['apt-get', 'install', '-y', 'a b', '', "it's"])).toBe(`apt-get install -y 'a b' '' 'it'\\''s'`)
})

test('exports', () => {
  expect(sh(`${shellExports({ A: "it's\n$HOME", B: '' })}printf '%s|%s' "$A" "\${B-unset}"`)).toBe("it's\n$HOME|")
})
