import type { Emit, TransferProgress } from '@imago/core'

/** Milliseconds between two reports: a display needs no more. */
const everyMs = 100

/** Turns the progress of one task into events, some ten a second. The last one always comes. */
export function progressReporter(task: string, emit: Emit): { readonly onProgress: (progress: TransferProgress) => void; finish(): void } {
  let last: TransferProgress | undefined
  let reportedAt = Number.NEGATIVE_INFINITY
  const report = ({ bytes, total }: TransferProgress): void => {
    reportedAt = performance.now()
    emit({ type: 'progress', task, done: bytes, ...(total !== undefined && { total }), unit: 'bytes' })
  }
  return {
    onProgress: (progress) => {
      last = progress
      if (performance.now() - reportedAt >= everyMs) report(progress)
    },
    finish: () => {
      if (last !== undefined) report({ bytes: last.bytes, total: last.bytes })
    },
  }
}
