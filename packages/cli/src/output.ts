import { fileSystemError, systemCode } from '@imago/core'

import type { DescriptorWriter } from './descriptor-writer.ts'

/** A stream that the command writes to. */
export interface Output {
  /** Writes text. What nobody can read any more (a closed pipe, a terminal that is gone) is dropped without a word. */
  write(text: string): void
  /** Whether it is a terminal. */
  readonly isTerminal: boolean
  /** The terminal's size in cells; 80 by 24 where it is none. */
  size(): { readonly columns: number; readonly rows: number }
  /** Calls back when the terminal's size has changed, until the returned function is called. */
  onResize(listener: () => void): () => void
  /**
   * Waits until everything is written.
   * @throws ImagoError `DISK_FULL` or another, when something could not be written although somebody waits for it.
   */
  flush(): Promise<void>
}

/** The part of a Node stream that {@link streamOutput} needs; `process.stdout` has it. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

const nobodyReads = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

/** An {@link Output} that writes to `stdout` or `stderr`: to a terminal through its stream, elsewhere past it, to the file's number. */
export function streamOutput(stream: OutputStream, name: string, writer: DescriptorWriter): Output {
  const isTerminal = stream.isTTY === true
  let streamFailure: Error | undefined
  stream.on('error', (error) => {
    streamFailure ??= error
  })
  return {
    isTerminal,
    write(text) {
      if (text === '') return
      if (!isTerminal) writer.write(text)
      else if (streamFailure === undefined) stream.write(text)
    },
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    onResize(listener) {
      stream.on('resize', listener)
      return () => stream.off('resize', listener)
    },
    async flush() {
      await writer.flush()
      const failure = streamFailure ?? writer.failure
      if (failure !== undefined && !nobodyReads.has(systemCode(failure) ?? '')) throw fileSystemError(failure, `cannot write to ${name}`)
    },
  }
}
