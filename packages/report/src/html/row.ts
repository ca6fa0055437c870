import type { Markup, MarkupValue } from '../markup.ts'
import { markup } from '../markup.ts'
import type { RecordedStatus } from '../statuses.ts'
import { statusSign } from './words.ts'

/** A row of the timeline. */
export interface FoldedRow {
  /** For links to it. */
  readonly anchor?: string
  readonly title: MarkupValue
  readonly status: RecordedStatus
  /** How long it took, or that it was not run. */
  readonly time: string
  readonly bars: MarkupValue
  /** @default false */
  readonly isOpen?: boolean
  /** What is folded under it. */
  readonly details: MarkupValue
}

/** A row of the timeline with what is folded under it. */
export function foldedRow({ anchor, title, status, time, bars, isOpen = false, details }: FoldedRow): Markup {
  const id = anchor === undefined ? undefined : markup` id="${anchor}"`
  return markup`<li${id}><details${isOpen ? markup` open="open"` : undefined}>
<summary>${statusSign(status)}<span class="title">${title}</span><span class="time">${time}</span><span class="track">${bars}</span></summary>
<div class="inside">
${details}</div>
</details></li>
`
}
