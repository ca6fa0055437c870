import type { StepRef } from '@imago/core'

import { cut } from '../cut.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { singleLine } from '../output-text.ts'
import type { RecordedStatus } from '../statuses.ts'
import { statuses } from '../statuses.ts'
import { stepTitle } from '../step-title.ts'

/** A title is cut to so many characters, */
const longestTitle = 160
/** and the text of an error to so many. */
const longestText = 8000

/** A name or a title in one line that is not too long. */
export function shortText(text: string): string {
  return cut(singleLine(text), longestTitle)
}

/** A step as pages call it: digests are cut to their beginnings. */
export function titleOf(step: StepRef): string {
  return cut(stepTitle(step).replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28,}\b/g, '$1…'), longestTitle)
}

/** A text with its line ends, unless it is a book. */
export function longText(text: string): string {
  return cut(text, longestText)
}

/** A number and what it counts: `1 step`, `2 steps`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** A status as a coloured sign; whoever does not see it hears the word. */
export function statusSign(status: RecordedStatus): Markup {
  const { sign, tone, word } = statuses[status]
  return markup`<span class="sign ${tone}" role="img" aria-label="${word}">${sign}</span>`
}

/** A status as a coloured sign and a word. */
export function statusWord(status: RecordedStatus): Markup {
  const { sign, tone, word } = statuses[status]
  return markup`<span class="${tone}"><span aria-hidden="true">${sign} </span>${word}</span>`
}
