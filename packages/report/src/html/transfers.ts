import { formatDuration } from '@imago/core'

import { formatSize } from '../format-size.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { Transfer } from '../run-record.ts'
import type { Page } from './page.ts'
import { count, shortText, titleOf } from './words.ts'

/** A table has so many transfers at most: the largest. */
const mostTransfers = 50
/** The list under a step has so many at most: the first. */
const mostInList = 20

interface PlacedTransfer extends Transfer {
  readonly where: string
}

/** What was transferred, how much and how fast; the largest first. */
export function transferTable({ record }: Page): Markup | undefined {
  const all = record.builds.flatMap((build): PlacedTransfer[] => [
    ...build.transfers.map((transfer) => ({ ...transfer, where: build.label })),
    ...build.steps.flatMap(({ step, transfers }) =>
      transfers.map((transfer) => ({ ...transfer, where: `${build.label}: ${titleOf(step)}` })),
    ),
  ])
  if (all.length === 0) return undefined
  const shown = all.toSorted((a, b) => b.bytes - a.bytes).slice(0, mostTransfers)
  const missing = all.length - shown.length
  return markup`<section aria-labelledby="transfers">
<h2 id="transfers">Transfers</h2>
<table>
<thead><tr><th scope="col">Task</th><th scope="col" class="number">Size</th><th scope="col" class="number">Time</th><th scope="col" class="number">Rate</th></tr></thead>
<tbody>
${shown.map(rowOf)}</tbody>
</table>
${missing === 0 ? undefined : markup`<p class="quiet">${count(missing, 'smaller transfer')} left out.</p>\n`}</section>
`
}

function rowOf(transfer: PlacedTransfer): Markup {
  const { task, where, from, to } = transfer
  return markup`<tr><th scope="row">${shortText(task)} <small>${shortText(where)}</small></th><td class="number">${amountOf(transfer)}</td><td class="number">${formatDuration(to - from)}</td><td class="number">${rateOf(transfer)}</td></tr>
`
}

/** The transfers of one step. */
export function transferList(transfers: readonly Transfer[]): Markup | undefined {
  if (transfers.length === 0) return undefined
  const missing = transfers.length - mostInList
  const items = transfers.slice(0, mostInList).map((transfer) => {
    const rate = transfer.rate === undefined ? '' : `, ${rateOf(transfer)}`
    return markup`<li>${shortText(transfer.task)}: ${amountOf(transfer)}${rate}</li>\n`
  })
  return markup`<ul class="transfers">
${items}${missing > 0 ? markup`<li>and ${missing} more</li>\n` : undefined}</ul>
`
}

function amountOf({ bytes, total }: Transfer): string {
  return total === undefined || total <= bytes ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(total)}`
}

function rateOf({ rate }: Transfer): string {
  return rate === undefined ? '–' : `${formatSize(rate)}/s`
}
