import type { BuildEvent, Report } from '@imago/core'

import type { Output } from '../output.ts'
import type { Reporter } from './reporter.ts'
import type { Style } from './style.ts'
import { writeFailures } from './summary.ts'

/** Where the {@link JsonReporter} writes to. */
export interface JsonReporterOptions {
  readonly stdout: Output
  readonly stderr: Output
  readonly errorStyle: Style
}

/** Every event as a line of JSON, and nothing else on stdout. */
export class JsonReporter implements Reporter {
  readonly #options: JsonReporterOptions

  constructor(options: JsonReporterOptions) {
    this.#options = options
  }

  onEvent(event: BuildEvent): void {
    this.#options.stdout.write(`${JSON.stringify(event)}\n`)
  }

  note(text: string): void {
    this.#options.stderr.write(`${text}\n`)
  }

  ask(question: string | undefined): void {
    if (question !== undefined) this.note(question)
  }

  finish(report: Report): void {
    writeFailures(report, this.#options)
  }

  close(): void {
    // there is nothing to put back
  }
}
