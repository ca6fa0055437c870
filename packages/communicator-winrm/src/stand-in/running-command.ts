import { PassThrough } from 'node:stream'

import type { Drive } from './drive.ts'
import type { Job, JobHandler } from './job.ts'
import { encodedScript } from './job.ts'

/** What a command has said since it was last asked, and how it ended when it has. */
export interface Heard {
  readonly output: readonly { readonly stream: 'stdout' | 'stderr'; readonly bytes: Buffer }[]
  readonly exitCode: number | undefined
}

/** Where a command runs. */
export interface CommandPlace {
  readonly env: ReadonlyMap<string, string>
  readonly cwd: string
  readonly drive: Drive
}

/** Answers have no more output than this. */
const maxOutputBytes = 100_000
/** What Windows gives a process that is ended with Ctrl-C (STATUS_CONTROL_C_EXIT). */
const controlC = 0xc0_00_01_3a

/** A command, from its beginning until somebody has put it away. */
export class RunningCommand {
  readonly stdin: PassThrough = new PassThrough()
  readonly #end = new AbortController()
  #output: { stream: 'stdout' | 'stderr'; bytes: Buffer }[] = []
  #exitCode: number | undefined
  #wake: () => void = () => undefined

  constructor(line: string, { env, cwd, drive }: CommandPlace, run: JobHandler) {
    const job: Job = {
      line,
      script: encodedScript(line),
      env: new Map(env),
      cwd,
      drive,
      stdin: this.stdin,
      signal: this.#end.signal,
      write: (stream, output) => {
        if (this.#exitCode !== undefined) return
        this.#output.push({ stream, bytes: Buffer.from(output) })
        this.#wake()
      },
    }
    Promise.resolve(job)
      .then(run)
      .then(
        (exitCode) => this.#finish(exitCode),
        (error: unknown) => {
          job.write('stderr', `${String(error)}\r\n`)
          this.#finish(1)
        },
      )
  }

  get isOver(): boolean {
    return this.#exitCode !== undefined
  }

  /** Ends it. */
  stop(): void {
    this.#end.abort()
    this.stdin.end()
    this.#finish(controlC)
  }

  /** Waits for output, or for its end. @returns `undefined` when neither comes in time */
  async hear(withinMs: number): Promise<Heard | undefined> {
    if (this.#output.length === 0 && this.#exitCode === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (this.#output.length === 0 && this.#exitCode === undefined) return undefined
    const output = this.#take()
    return { output, exitCode: this.#output.length === 0 ? this.#exitCode : undefined }
  }

  #take(): Heard['output'] {
    const taken: { stream: 'stdout' | 'stderr'; bytes: Buffer }[] = []
    for (let length = 0; length < maxOutputBytes;) {
      const first = this.#output.shift()
      if (first === undefined) break
      const fitting = first.bytes.subarray(0, maxOutputBytes - length)
      if (fitting.length < first.bytes.length) this.#output.unshift({ ...first, bytes: first.bytes.subarray(fitting.length) })
      taken.push({ ...first, bytes: fitting })
      length += fitting.length
    }
    return taken
  }

  #finish(exitCode: number): void {
    this.#exitCode ??= exitCode
    this.#wake()
  }
}
