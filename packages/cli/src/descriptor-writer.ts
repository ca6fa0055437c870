import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { systemCode } from '@imago/core'

/** Writes what it can and says how many bytes that was; throws `EAGAIN` when a pipe is full. */
export type WriteBytes = (bytes: Uint8Array) => number

/** What a slow reader has not taken yet may be so many bytes; beyond that whoever writes more has to wait, */
const mostWaiting = 1_000_000
/** for so many milliseconds at a time, so that signals are still heeded. */
const longestWaitMs = 500
/** A full pipe is tried again after so many milliseconds, */
const pollMs = 5
/** and sooner when the writer has to wait. */
const blockedPollMs = 0.5

/**
 * Writes to a file or a pipe. Node's own streams keep in memory whatever a slow reader has not taken; a build may say gigabytes. This
 * one makes the writer wait instead.
 */
export class DescriptorWriter {
  readonly #writeBytes: WriteBytes
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #pump: Promise<void> | undefined
  #failure: Error | undefined

  /** @param descriptor a file's number, or what writes to it */
  constructor(descriptor: number | WriteBytes) {
    this.#writeBytes = typeof descriptor === 'number' ? (bytes) => writeSync(descriptor, bytes) : descriptor
  }

  /** The error that ended the writing: `EPIPE`, `ENOSPC`, … */
  get failure(): Error | undefined {
    return this.#failure
  }

  write(text: string): void {
    if (this.#failure !== undefined) return
    const bytes = Buffer.from(text)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#pump === undefined) this.#writeWaiting()
    const deadline = performance.now() + longestWaitMs
    while (this.#waitingBytes > mostWaiting && performance.now() < deadline) {
      block(blockedPollMs)
      this.#writeWaiting()
    }
    if (this.#waitingBytes > 0) this.#pump ??= this.#keepWriting()
  }

  /** Waits until everything is written, or cannot be. */
  async flush(): Promise<void> {
    await this.#pump
  }

  async #keepWriting(): Promise<void> {
    while (this.#waitingBytes > 0) {
      await sleep(pollMs)
      this.#writeWaiting()
    }
    this.#pump = undefined
  }

  #writeWaiting(): void {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const written = this.#writeBytes(next)
        this.#waitingBytes -= written
        if (written === next.length) this.#waiting.shift()
        else this.#waiting[0] = next.subarray(written)
      }
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return
      this.#failure = error instanceof Error ? error : new Error(String(error))
      this.#waiting = []
      this.#waitingBytes = 0
    }
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
