import type { Emit, TransferProgress } from '@imago/core'

/** Milliseconds between two reports: a display needs no more, and a fast transfer would say thousands. */
const everyMs = 100

/** Reports the progress of one transfer. */
export interface ProgressReporter {
  /** Hand it over as `onProgress`. */
  readonly onProgress: (progress: TransferProgress) => void
  /** Reports where it ended. */
  finish(): void
}

/** Makes progress events of a transfer's progress, `task` by name. */
export function progressReporter(task: string, emit: Emit): ProgressReporter {
  let last: TransferProgress = { bytes: 0 }
  let reportedAt = -Infinity
  const report = ({ bytes, total }: TransferProgress): void => {
    reportedAt = performance.now()
    emit({ type: 'progress', task, done: bytes, ...(total !== undefined && { total }), unit: 'bytes' })
  }
  return {
    onProgress: (progress) => {
      last = progress
      if (performance.now() - reportedAt >= everyMs) report(progress)
    },
    finish: () => report({ bytes: last.bytes, total: Math.max(last.bytes, last.total ?? 0) }),
  }
}
