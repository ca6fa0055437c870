import { randomBytes } from 'node:crypto'

import type { ShellTransport } from './shell-session.ts'

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void

/** A piece of shell text that is being run. */
interface Running {
  readonly stdout: MarkerScanner
  readonly stderr: MarkerScanner
  readonly onOutput: OnOutput
  /** Ends the waiting, when both markers have come. */
  settle(): void
  fail(error: Error): void
}

/**
 * Runs one piece of shell text after another in a shell that reads its commands from standard input. After each piece the shell writes
 * a random marker to both outputs, on standard output with the exit code; everything before it belongs to the piece, byte for byte.
 * What comes later, from processes left in the background, goes to the next piece, or nowhere when none runs.
 */
export class ShellChannel {
  readonly #transport: ShellTransport
  #running: Running | undefined
  /** Why the shell is gone. */
  #gone: Error | undefined

  constructor(transport: ShellTransport) {
    this.#transport = transport
    transport.onOutput((stream, chunk) => this.#receive(stream, chunk))
    void transport.closed.then((error) => {
      this.#gone = error
      this.#running?.fail(error)
    })
  }

  /** Resolves, with the reason, when the shell is gone. */
  get closed(): Promise<Error> {
    return this.#transport.closed
  }

  /**
   * Runs a piece of shell text and answers with its exit code. The text must not read the shell's standard input, nor end the shell.
   * One at a time. @throws the transport's error when the shell is gone.
   */
  async run(text: string, onOutput: OnOutput): Promise<number> {
    if (this.#gone !== undefined) throw this.#gone
    const id = randomBytes(16).toString('hex')
    const stdout = new MarkerScanner(id)
    const stderr = new MarkerScanner(id)
    const ended = new Promise<void>((resolve, fail) => {
      const settle = (): void => (stdout.found !== undefined && stderr.found !== undefined ? resolve() : undefined)
      this.#running = { stdout, stderr, onOutput, settle, fail }
    })
    const told = this.#transport.write(`${text}\nprintf '\\001%s %d\\n' ${id} "$?"; printf '\\001%s 0\\n' ${id} >&2\n`)
    // a pipe that breaks is told sooner than why it broke
    const heard = told.catch(async () => Promise.reject(await this.#transport.closed))
    await Promise.all([heard, ended])
    this.#running = undefined
    return Number(stdout.found)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  #receive(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const running = this.#running
    if (running === undefined) return
    for (const part of running[stream].push(chunk)) running.onOutput(stream, part)
    running.settle()
  }
}

const soh = 1
const newline = 10
const nothing = Buffer.alloc(0)

/** Finds `\x01<id> <number>\n` in a stream of chunks, however they are cut. */
class MarkerScanner {
  /** The number behind the marker, once it has come. */
  found: string | undefined
  readonly #marker: Buffer
  /** The end of the last chunk, where that may be the beginning of the marker. */
  #held: Buffer = nothing

  constructor(id: string) {
    this.#marker = Buffer.from(`\u0001${id} `)
  }

  /** Answers with what stands before the marker in the stream, not copied where possible. */
  push(chunk: Uint8Array): readonly Buffer[] {
    if (this.found !== undefined) return []
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const data = this.#held.length === 0 ? fresh : Buffer.concat([this.#held, fresh])
    const at = data.indexOf(this.#marker)
    const end = at === -1 ? this.#beginning(data) : at
    this.#held = data.subarray(end)
    if (at !== -1) {
      const lineEnd = data.indexOf(newline, at + this.#marker.length)
      if (lineEnd !== -1) this.found = data.toString('latin1', at + this.#marker.length, lineEnd)
    }
    return end === 0 ? [] : [data.subarray(0, end)]
  }

  /** Where at the end of the data the marker may begin. It has but one SOH, its first byte. */
  #beginning(data: Buffer): number {
    const at = data.subarray(-this.#marker.length).lastIndexOf(soh)
    if (at === -1) return data.length
    const start = Math.max(0, data.length - this.#marker.length) + at
    const length = data.length - start
    return data.compare(this.#marker, 0, length, start) === 0 ? start : data.length
  }
}
