import { Readable } from 'node:stream'

import type { ExecOptions } from '@imago/core'

/** A part of some input. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

/** Input in pieces that are as large as may be. The last one has what is left, which may be nothing. */
export async function* pieces(input: NonNullable<ExecOptions['stdin']>, size: number): AsyncGenerator<Piece, void, undefined> {
  let held: Uint8Array[] = []
  let length = 0
  const source: AsyncIterable<unknown> | Iterable<unknown> = input instanceof Readable ? input : [input]
  for await (const chunk of source) {
    let rest: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array) // streams of bytes have no others
    while (length + rest.length > size) {
      const fitting = size - length
      yield { bytes: Buffer.concat([...held, rest.subarray(0, fitting)]), isLast: false }
      rest = rest.subarray(fitting)
      held = []
      length = 0
    }
    held.push(rest)
    length += rest.length
  }
  yield { bytes: Buffer.concat(held), isLast: true }
}
