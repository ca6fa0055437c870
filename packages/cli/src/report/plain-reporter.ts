import type { BuildEvent, Progress, Report } from '@imago/core'

import type { Output } from '../output.ts'
import type { LogOptions } from './log-lines.ts'
import { LogLines } from './log-lines.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { Reporter } from './reporter.ts'
import type { Style } from './style.ts'
import { writeSummary } from './summary.ts'

/** How often a transfer says how far it is. */
const progressEveryMs = 10_000

/** What the {@link PlainReporter} needs. */
export interface PlainReporterOptions extends LogOptions {
  readonly stdout: Output
  readonly stderr: Output
  /** For what goes to stderr. */
  readonly errorStyle: Style
  readonly cwd: string
}

interface ShownTask {
  readonly meter: ProgressMeter
  shownAt: number
}

/** Plain lines, for logs: `docker: Get:1 http://…`. */
export class PlainReporter implements Reporter {
  readonly #options: PlainReporterOptions
  readonly #lines: LogLines
  readonly #tasks = new Map<string, ShownTask>()

  constructor(options: PlainReporterOptions) {
    this.#options = options
    this.#lines = new LogLines(options)
  }

  onEvent(event: BuildEvent): void {
    const lines = event.type === 'progress' ? this.#progressLines(event) : this.#lines.linesOf(event)
    if (event.type === 'build-finished') this.#forget(event.image, event.build)
    if (lines.length > 0) this.#options.stdout.write(`${lines.join('\n')}\n`)
  }

  note(text: string): void {
    this.#options.stderr.write(`${text}\n`)
  }

  ask(question: string | undefined): void {
    if (question !== undefined) this.#options.stdout.write(`${question}\n`)
  }

  finish(report: Report): void {
    writeSummary(report, this.#options)
  }

  close(): void {
    // there is nothing to put back
  }

  #progressLines(event: Progress): string[] {
    const key = JSON.stringify([event.image, event.build, event.step, event.task])
    const task = this.#tasks.get(key)
    const time = Date.parse(event.time)
    if (task === undefined) {
      this.#tasks.set(key, { meter: new ProgressMeter(event), shownAt: time })
      return []
    }
    task.meter.update(event)
    if (time - task.shownAt < progressEveryMs) return []
    task.shownAt = time
    const { amount, speed } = task.meter
    return [this.#lines.prefix(event, `${event.task}: ${amount}${speed === '' ? '' : `, ${speed}`}`)]
  }

  #forget(image: string, build: string): void {
    const start = JSON.stringify([image, build]).slice(0, -1)
    for (const key of this.#tasks.keys()) if (key.startsWith(`${start},`)) this.#tasks.delete(key)
  }
}
