import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { AttemptRecord, BuildRecord, Span, StepRecord } from '../run-record.ts'
import type { RecordedStatus } from '../statuses.ts'
import type { Page } from './page.ts'
import { percent } from './page.ts'

/** When a build waited and when it ran. */
export function buildBars({ from, to, waited, status }: BuildRecord, page: Page): Markup[] {
  if (status === 'not-run') return []
  return [...waitBars([{ from: 0, to: waited }], page), bar({ from, to }, `whole ${lookOf(status)}`, page)]
}

/** When a step waited and when each attempt at it ran. */
export function stepBars(record: StepRecord, page: Page): Markup[] {
  const { step, attempts, waits, status } = record
  const critical = page.isCritical(record) ? ' critical' : ''
  const endings = attempts.map((attempt, index) => (index === attempts.length - 1 ? status : attempt.status))
  return [
    ...waitBars(waits, page),
    ...attempts.map((attempt: AttemptRecord, index) =>
      bar(attempt, `kind-${step.kind}${lookOf(endings[index] ?? status)}${critical}`, page),
    ),
  ]
}

function waitBars(waits: readonly Span[], page: Page): Markup[] {
  return waits.filter(({ from, to }) => to > from).map((wait) => bar(wait, 'bar-wait', page))
}

function lookOf(status: RecordedStatus): string {
  return status === 'succeeded' ? '' : ` bar-${status}`
}

function bar({ from, to }: Span, look: string, page: Page): Markup {
  return markup`<span class="bar ${look}" style="left: ${percent(from, page)}; width: ${percent(to - from, page)}"></span>`
}
