import { Readable } from 'node:stream'

import type { ExecOptions } from '@imago/core'

/** A part of some input. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

/** How long to wait for more before what is there goes off: somebody may be typing. */
const soonMs = 5

/**
 * Input in pieces that are as large as may be, and no larger than what comes without a pause. The last one has what is left, which may be
 * nothing. A stream is destroyed when it is not read to its end.
 */
export async function* pieces(input: NonNullable<ExecOptions['stdin']>, size: number): AsyncGenerator<Piece, void, undefined> {
  const stream = input instanceof Readable ? input : Readable.from([input])
  const source: AsyncIterator<unknown> = stream[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  let next = ask(source)
  try {
    for (;;) {
      const item = held.length === 0 ? await next : await orSoon(next)
      if (item === 'later') {
        yield { bytes: held, isLast: false }
        held = Buffer.alloc(0)
        continue
      }
      if (item.done === true) {
        yield { bytes: held, isLast: true }
        return
      }
      next = ask(source)
      held = Buffer.concat([held, Buffer.from(item.value as Uint8Array)]) // streams of bytes have nothing else, apart from text
      for (; held.length > size; held = held.subarray(size)) yield { bytes: held.subarray(0, size), isLast: false }
    }
  } finally {
    stream.destroy()
  }
}

/** The next item; what goes wrong is thrown where it is waited for. */
function ask(source: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
  const next = source.next()
  next.catch(() => undefined)
  return next
}

async function orSoon<T>(next: Promise<T>): Promise<T | 'later'> {
  let timer: NodeJS.Timeout | undefined
  const later = new Promise<'later'>((resolve) => {
    timer = setTimeout(() => resolve('later'), soonMs)
  })
  return await Promise.race([next, later]).finally(() => clearTimeout(timer))
}
