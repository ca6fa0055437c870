/** A call that the emulator answered, or cut off. */
export interface JournalEntry {
  /** `ec2`, `iam`, … */
  readonly service: string
  /** `RunInstances` */
  readonly operation: string
  readonly region: string
  /** What was asked for, as the client's own types have it. */
  readonly input: Readonly<Record<string, unknown>>
  /** Which attempt the client says that this is, from 1; other clients than Amazon's newer ones do not say, and it is 1. */
  readonly attempt: number
  readonly outcome: JournalOutcome
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly durationMs: number
  readonly requestId: string
  readonly userAgent: string
}

/** How a call ended. */
export type JournalOutcome =
  | { readonly type: 'answered'; readonly output: Readonly<Record<string, unknown>> }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  /** The connection was cut by a fault; `applied` says whether the call had its effect before. */
  | { readonly type: 'cut'; readonly applied: boolean }

/** The calls so far, oldest first. */
export class Journal {
  readonly #entries: JournalEntry[] = []

  /** All calls, or those of one operation. */
  calls(operation?: string): readonly JournalEntry[] {
    return operation === undefined ? [...this.#entries] : this.#entries.filter((entry) => entry.operation === operation)
  }

  /** How often each operation was called, attempts included. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { operation } of this.#entries) counts[operation] = (counts[operation] ?? 0) + 1
    return counts
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.length = 0
  }

  /** @internal */
  record(entry: JournalEntry): void {
    this.#entries.push(entry)
  }
}
