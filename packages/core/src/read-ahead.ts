/**
 * Does the same to each item, up to `limit` of them at a time, and gives the results in the order of the items. No more than `limit`
 * items are held at any moment, and one more that is asked for meanwhile; nothing is under way when it ends, however it ends.
 * @example for await (const chunk of readAhead(blocks, 4, (block) => compress(block))) await write(chunk)
 */
export async function* readAhead<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const source = items[Symbol.asyncIterator]()
  const running: Promise<R>[] = []
  const ask = (): Promise<IteratorResult<T>> => quiet(source.next())
  let next = ask()
  try {
    for (let item = await next; item.done !== true; item = await next) {
      running.push(quiet(work(item.value)))
      next = ask() // it is on its way while a result is being used
      const first = running.length < limit ? undefined : running.shift()
      if (first !== undefined) yield await first
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first
  } finally {
    await Promise.allSettled([...running, next])
    await source.return?.()
  }
}

/** A promise whose failure is thrown where it is waited for, in its turn. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
