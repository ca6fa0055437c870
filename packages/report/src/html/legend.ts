import type { StepRef } from '@imago/core'

import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { RecordedStatus } from '../statuses.ts'
import { statuses } from '../statuses.ts'
import type { Page } from './page.ts'

const kinds: Readonly<Record<StepRef['kind'], string>> = {
  builder: 'builder',
  provisioner: 'provisioner',
  'post-processor': 'post-processor',
  'error-cleanup': 'cleanup after an error',
}

/** What the bars of a page's timeline mean, as far as there are such bars. */
export function legend({ record }: Page): Markup[] {
  const steps = record.builds.flatMap((build) => build.steps).filter(({ attempts }) => attempts.length > 0)
  const usedKinds = new Set(steps.map(({ step }) => step.kind))
  const used = new Set<RecordedStatus>(steps.flatMap(({ status, attempts }) => [status, ...attempts.map((attempt) => attempt.status)]))
  const waits = record.builds.some(({ waited }) => waited > 0) || steps.some((step) => step.waits.length > 0)
  return [
    ...entriesOf(kinds).flatMap(([kind, word]) => (usedKinds.has(kind) ? [entry(`kind-${kind}`, word)] : [])),
    ...entriesOf(statuses).flatMap(([status, { word }]) =>
      status !== 'succeeded' && used.has(status) ? [entry(`bar-${status}`, word)] : [],
    ),
    ...(waits ? [entry('bar-wait', 'waiting')] : []),
    entry('kind-builder critical', 'critical path'),
  ]
}

function entry(look: string, word: string): Markup {
  return markup`<span><span class="bar ${look}"></span>${word}</span>\n`
}

function entriesOf<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][] // a closed record has no other keys
}
