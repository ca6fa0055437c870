/** Keeps a limited number of tasks under way. */
export class Pipeline {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts a task when there is room for it. Throws what an earlier one threw. */
  async start(task: () => Promise<void>): Promise<void> {
    if (this.#running.size >= this.#limit) await Promise.race(this.#running)
    if (this.#failure !== undefined) throw this.#failure.error
    const running: Promise<void> = task()
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Waits until nothing is under way. Throws what a task threw. */
  async drain(): Promise<void> {
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** Maps each item, in order, with up to `limit` of them under way at once. Nothing is left under way when it ends. */
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
