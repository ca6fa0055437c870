import type { Emit } from '@imago/core'

/** Progress is said no more often, in milliseconds. */
const interval = 100

/** What a progress is of. */
export interface ProgressOptions {
  readonly emit: Emit
  readonly task: string
  /** Bytes in all. */
  readonly total: number
}

/** Takes how many bytes more are done, and says how far the task is; the end in any case. */
export function progressOf({ emit, task, total }: ProgressOptions): (bytes: number) => void {
  let done = 0
  let saidAt = Number.NEGATIVE_INFINITY
  return (bytes) => {
    done += bytes
    const now = performance.now()
    if (done < total && now - saidAt < interval) return
    saidAt = now
    emit({ type: 'progress', task, done, total, unit: 'bytes' })
  }
}
