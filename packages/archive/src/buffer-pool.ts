/**
 * Large buffers that are used again, so that memory stays flat: the garbage collector is in no hurry with memory outside its heap.
 */
export class BufferPool {
  /** Bytes of each buffer. */
  readonly size: number
  readonly #free: Buffer[] = []
  readonly #lent = new WeakSet<ArrayBufferLike>() // weak, because nobody has to give a buffer back

  constructor(size: number) {
    this.size = size
  }

  /** A buffer of any content. */
  take(): Buffer {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size)
    this.#lent.add(buffer.buffer)
    return buffer
  }

  /** Gives the buffer back that `bytes` are part of, when it is one of this pool's. Nobody may use it any more. */
  give(bytes: Uint8Array): void {
    if (this.#lent.delete(bytes.buffer)) this.#free.push(Buffer.from(bytes.buffer))
  }
}
