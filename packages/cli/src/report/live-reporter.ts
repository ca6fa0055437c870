import type { BuildEvent, Report } from '@imago/core'

import type { Output } from '../output.ts'
import { truncate } from './display-width.ts'
import { LiveBlock } from './live-block.ts'
import { liveLines } from './live-lines.ts'
import type { LogOptions } from './log-lines.ts'
import { LogLines } from './log-lines.ts'
import type { Reporter } from './reporter.ts'
import { RunView } from './run-view.ts'
import type { Style } from './style.ts'
import { writeSummary } from './summary.ts'

/** Milliseconds between two pictures. */
const frameMs = 80
/** Output beyond so many characters does not wait for the next picture. */
const mostWaiting = 65_536

/** What the {@link LiveReporter} needs. */
export interface LiveReporterOptions extends LogOptions {
  /** A terminal. */
  readonly stdout: Output
  readonly stderr: Output
  /** For what goes to stderr. */
  readonly errorStyle: Style
  readonly cwd: string
}

/** A display that changes in place: a line for each build and transfer, with what commands say scrolling by above. */
export class LiveReporter implements Reporter {
  readonly #options: LiveReporterOptions
  readonly #block: LiveBlock
  readonly #lines: LogLines
  readonly #view = new RunView()
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  #waiting: string[] = []
  #waitingSize = 0
  #question: string | undefined
  #frame = 0
  #closed = false

  constructor(options: LiveReporterOptions) {
    this.#options = options
    this.#block = new LiveBlock(options.stdout)
    this.#lines = new LogLines(options)
    this.#timer = setInterval(() => {
      this.#frame++
      this.#draw()
    }, frameMs).unref()
    this.#stopListening = options.stdout.onResize(() => {
      this.#block.clear()
      this.#draw()
    })
  }

  onEvent(event: BuildEvent): void {
    this.#view.onEvent(event)
    if (event.type !== 'progress') this.#say(this.#lines.linesOf(event))
  }

  note(text: string): void {
    this.#say(text.split('\n'))
    this.#draw()
  }

  ask(question: string | undefined): void {
    this.#question = question
    this.#draw()
  }

  finish(report: Report): void {
    this.close()
    writeSummary(report, this.#options)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#stopListening()
    this.#block.update(this.#takeWaiting(), [])
    this.#block.close()
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) {
      this.#waiting.push(line)
      this.#waitingSize += line.length
    }
    if (this.#waitingSize > mostWaiting) this.#draw()
  }

  #draw(): void {
    if (this.#closed) return
    const { stdout, style, symbols } = this.#options
    const { columns, rows } = stdout.size()
    const question = (this.#question?.split('\n') ?? []).map((line) => truncate(line, columns - 1, symbols.ellipsis))
    const room = Math.max(1, rows - 1 - question.length)
    const lines = liveLines(this.#view.builds, { columns, rows: room, now: Date.now(), frame: this.#frame, style, symbols })
    this.#block.update(this.#takeWaiting(), [...lines, ...question])
  }

  #takeWaiting(): string[] {
    const lines = this.#waiting
    this.#waiting = []
    this.#waitingSize = 0
    return lines
  }
}
