/** Milliseconds that something may take that is done without the thread pool; from the system's cache it takes a tenth of that. */
const patienceMs = 2
/** How much goes through the thread pool after something that took longer. */
const pooledAfterSlow = 32

/**
 * Whether the disk is waited for on the main thread. What the system has in its cache is read directly: a way through the thread pool
 * costs many times what the calls themselves do. What takes longer comes from a disk or over a network, and the next reads go through
 * the pool, side by side.
 */
export class Pace {
  readonly #slowMs: number
  #pooled = 0

  /** @param slowMs milliseconds after which a read counts as slow */
  constructor(slowMs: number = patienceMs) {
    this.#slowMs = slowMs
  }

  /** Whether the next read may be a direct one. */
  get isFast(): boolean {
    return this.#pooled <= 0
  }

  /** Does something directly, and looks at how long it takes. */
  direct<T>(work: () => T): T {
    const started = performance.now()
    try {
      return work()
    } finally {
      if (performance.now() - started > this.#slowMs) this.#pooled = pooledAfterSlow
    }
  }

  /** Counts what went through the pool. */
  pooled(count: number): void {
    this.#pooled -= count
  }
}
