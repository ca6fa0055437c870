import type { BuildEvent, Report } from '@imago/core'

/** Shows a run while it goes on, and how it went. */
export interface Reporter {
  /** Takes each event, in order. */
  onEvent(event: BuildEvent): void
  /** Says something that is no event: that the run is being cancelled. */
  note(text: string): void
  /** Shows a question until it is answered (`undefined`). */
  ask(question: string | undefined): void
  /** The run is over: says how it went. */
  finish(report: Report): void
  /** Leaves the terminal as it was found. May be called more than once, and without `finish`. */
  close(): void
}
