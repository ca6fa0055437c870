import type { SweptResource } from '@imago/core'
import { singleLine } from '@imago/report/text'

import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

type Outcome = SweptResource['outcome']

const words: Readonly<Record<Outcome, string>> = {
  removed: 'removed',
  'would-remove': 'would remove',
  'in-use': 'in use',
  failed: 'could not remove',
}

/** What became of a resource, for people. */
export function sweptLines(
  { record, outcome, error }: SweptResource,
  { style, symbols }: { readonly style: Style; readonly symbols: Symbols },
): string[] {
  const signs: Readonly<Record<Outcome, string>> = {
    removed: style('green', symbols.succeeded),
    'would-remove': symbols.waiting,
    'in-use': style('yellow', symbols.waiting),
    failed: style('red', symbols.failed),
  }
  const of = style('dim', `(${record.image}.${record.build}, run ${record.runId})`)
  return [
    `${signs[outcome]} ${words[outcome]} ${record.kind} ${singleLine(record.name)} ${of}`,
    ...(error === undefined ? [] : error.message.split('\n').map((line) => `    ${line}`)),
    ...(error?.hint === undefined ? [] : [`    ${style('bold', 'hint:')} ${error.hint}`]),
  ]
}

/** What became of all of them, in a line. */
export function sweptHeadline(swept: readonly SweptResource[]): string {
  if (swept.length === 0) return 'nothing is left behind'
  const outcomes = ['removed', 'would-remove', 'in-use', 'failed'] as const
  const counted = outcomes.map((outcome) => ({ outcome, count: swept.filter((resource) => resource.outcome === outcome).length }))
  return counted.flatMap(({ outcome, count }) => (count === 0 ? [] : [`${words[outcome]} ${count}`])).join(', ')
}
