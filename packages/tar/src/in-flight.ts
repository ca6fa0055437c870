/** Runs tasks side by side, a limited number at once, and those of one key one after the other. */
export class InFlight {
  readonly #limit: number
  readonly #tasks = new Map<string, Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts a task when there is room for it. Throws what an earlier one threw. */
  async start(key: string, task: () => Promise<void>): Promise<void> {
    await this.#tasks.get(key)
    const [oldest] = this.#tasks.values()
    if (this.#tasks.size >= this.#limit) await oldest
    this.#throwFailure()
    this.#tasks.set(key, this.#run(key, task))
  }

  /** Waits until nothing is under way. Throws what a task threw. */
  async drain(): Promise<void> {
    await Promise.all(this.#tasks.values())
    this.#throwFailure()
  }

  async #run(key: string, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#tasks.delete(key)
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
