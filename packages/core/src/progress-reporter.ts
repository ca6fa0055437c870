import type { TransferProgress } from './communicator.ts'
import type { Emit } from './event.ts'

/** Milliseconds between two reports: a display needs no more, and a fast transfer would say thousands. */
const everyMs = 100

/** Reports how far one task is. */
export interface ProgressReporter {
  /** Takes how far it is in all: hand it over as `onProgress`. */
  readonly onProgress: (progress: TransferProgress) => void
  /** Takes how many bytes more are done. */
  readonly add: (bytes: number) => void
  /** Reports where it ended. */
  finish(): void
}

/** Makes progress events of a task's progress, some ten a second; the end is always said. */
export function progressReporter(task: string, emit: Emit, total?: number): ProgressReporter {
  let last: TransferProgress = { bytes: 0, ...(total !== undefined && { total }) }
  let reportedAt = Number.NEGATIVE_INFINITY
  const report = (progress: TransferProgress): void => {
    reportedAt = performance.now()
    emit({ type: 'progress', task, done: progress.bytes, ...(progress.total !== undefined && { total: progress.total }), unit: 'bytes' })
  }
  const onProgress = (progress: TransferProgress): void => {
    last = progress
    if (progress.bytes === progress.total || performance.now() - reportedAt >= everyMs) report(progress)
  }
  return {
    onProgress,
    add: (bytes) => onProgress({ ...last, bytes: last.bytes + bytes }),
    finish: () => report({ bytes: last.bytes, total: Math.max(last.bytes, last.total ?? 0) }),
  }
}
