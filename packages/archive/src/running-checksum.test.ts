import { crc32 } from 'node:zlib'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { RunningChecksum } from './running-checksum.ts'

test('is that of all bytes, however they come', () => {
  const part = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 300_000 }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const checksum = new RunningChecksum()
      for (const each of parts) {
        if (typeof each === 'number') checksum.addZeros(each)
        else checksum.add(each)
      }
      const all = Buffer.concat(parts.map((each) => (typeof each === 'number' ? Buffer.alloc(each) : each)))
      expect(checksum.value).toBe(crc32(all))
    }),
  )
})
