import type { Progress } from '@imago/core'

import type { Transfer } from './run-record.ts'

/** What was transferred in less than so many milliseconds has no rate. */
const leastMeasuredMs = 50

interface Running {
  readonly task: string
  readonly from: number
  /** What was done already when it was first told of. */
  readonly first: number
  to: number
  bytes: number
  total: number | undefined
}

/** Follows the transfers of a step. */
export class TransferLog {
  readonly #transfers: Running[] = []
  /** The last one of each task. */
  readonly #latest = new Map<string, Running>()

  /** Takes what an event says at a moment. A task that goes back to less begins anew. */
  add({ task, done, total, unit }: Progress, at: number): void {
    if (unit !== 'bytes') return
    const known = this.#latest.get(task)
    if (known === undefined || done < known.bytes) {
      const begun = { task, from: at, first: done, to: at, bytes: done, total }
      this.#transfers.push(begun)
      this.#latest.set(task, begun)
      return
    }
    if (done > known.bytes) known.to = at
    known.bytes = done
    known.total = total ?? known.total
  }

  /** The transfers in the order they began. */
  transfers(): Transfer[] {
    return this.#transfers.map(({ task, from, to, first, bytes, total }) => ({
      task,
      from,
      to,
      bytes,
      ...(total !== undefined && { total }),
      ...(to - from >= leastMeasuredMs && { rate: ((bytes - first) * 1000) / (to - from) }),
    }))
  }
}
