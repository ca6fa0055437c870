import { Readable } from 'node:stream'

/**
 * A stream of chunks, none of them empty. Unlike that of `Readable.from`, its end does not wait for a chunk that is under way: what it
 * waits for may never come.
 */
export function readableOf(chunks: AsyncGenerator<Uint8Array, void, undefined>): Readable {
  const stream = new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      )
    },
  })
  return stream.once('close', () => {
    chunks.return().catch(() => undefined) // nobody listens any more
  })
}
