import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'

import { noise } from '../../../test/noise.ts'
import { isNoise } from './noise.ts'

const piece = 256 * 1024
const text = Buffer.from(Array.from({ length: piece / 16 }, (_, n) => `line ${(n * 7919) % 10007} of text`).join('\n'))

describe('isNoise', () => {
  test.each([
    ['random bytes', noise(piece), true],
    ['text', text, false],
    ['zeros', Buffer.alloc(piece), false],
    ['noise that repeats every 4 KiB', Buffer.alloc(piece, noise(4096)), false],
    ['compressed text', gzipSync(noise(piece).toString('base64')), true],
    ['too little to tell', noise(1000), false],
    ['nothing', Buffer.alloc(0), false],
  ])('%s', (_, data, expected) => {
    expect(isNoise(data)).toBe(expected)
  })
})
