/**
 * Maps each item to a result, in order, with up to `limit` of them under way at once. Nothing is left under way when it ends, however
 * it ends.
 */
export async function* readAhead<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  run: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const pending: Promise<R>[] = []
  try {
    for await (const item of items) {
      const started = run(item)
      started.catch(() => undefined) // thrown below, in its turn
      pending.push(started)
      const first = pending.length < limit ? undefined : pending.shift()
      if (first !== undefined) yield await first
    }
    for (let first = pending.shift(); first !== undefined; first = pending.shift()) yield await first
  } finally {
    await Promise.allSettled(pending)
  }
}
