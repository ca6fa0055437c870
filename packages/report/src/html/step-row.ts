import { formatDuration } from '@imago/core'

import { spanOf } from '../critical-path.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { AttemptRecord, StepRecord } from '../run-record.ts'
import { statuses } from '../statuses.ts'
import { stepBars } from './bars.ts'
import { errorBox } from './error.ts'
import { logBox } from './log.ts'
import type { Page } from './page.ts'
import { foldedRow } from './row.ts'
import { transferList } from './transfers.ts'
import { count, shortText, titleOf } from './words.ts'

/** Attempts are told one by one up to so many. */
const mostAttempts = 20

/** A step over time, with its attempts, its error, its transfers and what it said folded under it. */
export function stepRow(record: StepRecord, page: Page): Markup {
  const { step, status, attempts, error, log, transfers } = record
  const span = spanOf(record)
  const title = titleOf(step)
  return foldedRow({
    anchor: page.anchorOf(record),
    title: markup`${title}${attempts.length > 1 ? markup` <span class="badge">${count(attempts.length, 'attempt')}</span>` : undefined}`,
    status,
    time: span === undefined ? statuses[status].word : formatDuration(span.to - span.from),
    bars: stepBars(record, page),
    isOpen: statuses[status].tone === 'bad',
    details: [
      markup`<p class="quiet"><code>${step.id}</code>${span === undefined ? undefined : ` began at ${formatDuration(span.from)}`}${waited(record)}</p>\n`,
      attempts.length > 1 ? attemptList(attempts) : undefined,
      error === undefined ? undefined : errorBox(error),
      transferList(transfers),
      logBox(log, `What ${title} said`),
    ],
  })
}

function waited({ waits }: StepRecord): string {
  const ms = waits.reduce((sum, { from, to }) => sum + to - from, 0)
  return ms === 0 ? '' : `, waited ${formatDuration(ms)}`
}

function attemptList(attempts: readonly AttemptRecord[]): Markup {
  const items = attempts.slice(0, mostAttempts).map(({ status, from, to, error }) => {
    const why = error === undefined ? '' : `: ${shortText(error.message)}`
    return markup`<li>${statuses[status].word} after ${formatDuration(to - from)}${why}</li>\n`
  })
  const more = attempts.length > mostAttempts ? markup`<li>and ${count(attempts.length - mostAttempts, 'more attempt')}</li>\n` : undefined
  return markup`<ol class="attempts">
${items}${more}</ol>
`
}
