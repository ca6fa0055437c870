import { describe, expect, it } from 'vitest'

import { parseSubordinateIds } from './id-map.ts'

describe('parseSubordinateIds', () => {
  it('finds the first range of a user, by name or number', () => {
    const text = 'elsa:100000:65536\n1000:200000:1000\ndaisy:300000:100000\n'
    expect(parseSubordinateIds(text, ['daisy', '1000'])).toEqual({ inside: 1, outside: 200_000, count: 1000 })
    expect(parseSubordinateIds(text, ['daisy'])).toEqual({ inside: 1, outside: 300_000, count: 65_535 })
  })

  it('finds none for others, nor in broken lines', () => {
    expect(parseSubordinateIds('elsa:100000:65536', ['daisy'])).toBeUndefined()
    expect(parseSubordinateIds('daisy:\n', ['daisy'])).toBeUndefined()
    expect(parseSubordinateIds('', ['daisy'])).toBeUndefined()
  })
})
