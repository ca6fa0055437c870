/**
 * Does the same to each item, up to `limit` of them at a time, and gives the results in the order of the items. No more than `limit`
 * items are held at any moment, and nothing is under way when it ends, however it ends.
 * @example for await (const chunk of readAhead(blocks, 4, (block) => compress(block))) await write(chunk)
 */
export async function* readAhead<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const running: Promise<R>[] = []
  try {
    for await (const item of items) {
      const started = work(item)
      started.catch(() => undefined) // thrown below, in its turn
      running.push(started)
      const first = running.length < limit ? undefined : running.shift()
      if (first !== undefined) yield await first
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first
  } finally {
    await Promise.allSettled(running)
  }
}
