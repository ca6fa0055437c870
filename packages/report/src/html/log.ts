import type { Log, LogLines, LogPiece } from '../log.ts'
import { linesOf } from '../log.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { formatSize } from '../format-size.ts'
import { count } from './words.ts'

/** A log as preformatted text, or nothing when nothing was said. */
export function logBox({ head, omitted, tail }: Log, label: string): Markup | undefined {
  if (head.length === 0 && tail.length === 0) return undefined
  const parts =
    omitted === undefined
      ? partsOf([...head, ...tail])
      : [...partsOf(head), markup`<span class="gap">${omission(omitted)}</span>\n`, ...partsOf(tail)]
  return markup`<pre class="log" tabindex="0" role="group" aria-label="${label}">${parts}</pre>
`
}

function omission({ characters, lines }: NonNullable<Log['omitted']>): string {
  return `… ${lines > 0 ? `${count(lines, 'line')}, ` : ''}about ${formatSize(characters)} left out here …`
}

function partsOf(pieces: readonly LogPiece[]): Markup[] {
  return linesOf(pieces).map(partOf)
}

function partOf({ source, lines }: LogLines): Markup {
  const text = `${lines.join('\n')}\n`
  switch (source) {
    case 'stdout':
      return markup`${text}`
    case 'warning':
      return markup`<span class="warning">${lines.map((line) => `warning: ${line}\n`)}</span>`
    case 'recorder':
      return markup`<span class="gap">${text}</span>`
    default:
      return markup`<span class="${source}">${text}</span>`
  }
}
