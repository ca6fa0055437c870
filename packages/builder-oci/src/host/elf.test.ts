import { describe, expect, it } from 'vitest'

import { readElf } from './elf.ts'

interface Sample {
  readonly bits: 32 | 64
  readonly order: 'little' | 'big'
  /** Types of program headers; 3 asks for the loader. */
  readonly headers: readonly number[]
}

const loader = '/lib64/ld.so.2'

/** A file of a header, program headers, and the name of a loader. */
function elf({ bits, order, headers }: Sample): Buffer {
  const bytes = Buffer.alloc(1024)
  const is64 = bits === 64
  const put = (at: number, size: 2 | 4 | 8, value: number): void => {
    const small = Buffer.alloc(8)
    small.writeBigUInt64LE(BigInt(value))
    const field = small.subarray(0, size)
    bytes.set(order === 'little' ? field : field.toReversed(), at)
  }
  const word = is64 ? 8 : 4
  const headerSize = is64 ? 56 : 32
  bytes.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, order === 'little' ? 1 : 2])
  put(is64 ? 0x20 : 0x1c, word, 0x100)
  put(is64 ? 0x36 : 0x2a, 2, headerSize)
  put(is64 ? 0x38 : 0x2c, 2, headers.length)
  for (const [index, type] of headers.entries()) {
    const at = 0x100 + index * headerSize
    put(at, 4, type)
    put(at + (is64 ? 8 : 4), word, 0x300)
    put(at + (is64 ? 0x20 : 0x10), word, loader.length + 1)
  }
  bytes.write(`${loader}\0`, 0x300, 'latin1')
  return bytes
}

describe('readElf', () => {
  for (const bits of [32, 64] as const) {
    for (const order of ['little', 'big'] as const) {
      it(`reads files of ${bits} bits, ${order} end first`, () => {
        expect(readElf(elf({ bits, order, headers: [1, 3, 2] }))).toEqual({ loader, isDynamic: true })
        expect(readElf(elf({ bits, order, headers: [1] }))).toEqual({ isDynamic: false })
      })
    }
  }

  it('finds no ELF file in something else, nor in half of one', () => {
    expect(readElf(Buffer.from('#!/bin/sh\n'))).toBeUndefined()
    expect(readElf(Buffer.alloc(0))).toBeUndefined()
    expect(readElf(elf({ bits: 64, order: 'little', headers: [3] }).subarray(0, 0x305))).toBeUndefined()
    expect(readElf(elf({ bits: 64, order: 'little', headers: [3] }).subarray(0, 0x20))).toBeUndefined()
  })
})
