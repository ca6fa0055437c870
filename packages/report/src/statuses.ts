/**
 * How a build or a step went, as reports tell it. Another way for one to go is a line here, which the compiler then asks for in
 * {@link statuses}, and the place in the recorder that gives it to a step. Its bar has the colour of its kind, unless the page's style has
 * one for `bar-` and the status.
 */
export type RecordedStatus = 'succeeded' | 'up-to-date' | 'cached' | 'failed' | 'ignored' | 'cancelled' | 'unfinished' | 'not-run'

/** What reports make of a status. */
export interface StatusLook {
  /** Follows the name of the build or step: `'failed'`. */
  readonly word: string
  /** One character. */
  readonly sign: string
  /** Chooses the colour. */
  readonly tone: 'good' | 'bad' | 'warning' | 'quiet'
  /** What JUnit knows of it. */
  readonly junit: 'passed' | 'failure' | 'error' | 'skipped'
}

/** Every status and its look. */
export const statuses: Readonly<Record<RecordedStatus, StatusLook>> = {
  succeeded: { word: 'succeeded', sign: '✓', tone: 'good', junit: 'passed' },
  'up-to-date': { word: 'up to date', sign: '=', tone: 'good', junit: 'passed' },
  cached: { word: 'cached', sign: '=', tone: 'quiet', junit: 'passed' },
  failed: { word: 'failed', sign: '✗', tone: 'bad', junit: 'failure' },
  ignored: { word: 'failed, ignored', sign: '!', tone: 'warning', junit: 'skipped' },
  cancelled: { word: 'cancelled', sign: '■', tone: 'warning', junit: 'skipped' },
  unfinished: { word: 'did not end', sign: '?', tone: 'bad', junit: 'error' },
  'not-run': { word: 'not run', sign: '·', tone: 'quiet', junit: 'skipped' },
}
