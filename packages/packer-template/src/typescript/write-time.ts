import type { LayoutPart } from '../time/go-layout.ts'
import { parseLayout } from '../time/go-layout.ts'
import type { CodeWriter, DatePart } from './code-writer.ts'
import { digits, quote } from './expression.ts'
import type { Typed } from './typed.ts'
import { concatenated, literalText, stringCode } from './typed.ts'

const partOfElement: Readonly<Record<string, DatePart>> = {
  '2006': 'year',
  '01': 'month',
  '02': 'day',
  '15': 'hour',
  '04': 'minute',
  '05': 'second',
}

const textOfElement: Readonly<Record<string, string>> = {
  MST: 'UTC',
  Z0700: 'Z',
  'Z07:00': 'Z',
  Z07: 'Z',
  '-0700': '+0000',
  '-07:00': '+00:00',
}

/** The time by a layout of Go: from its parts where these are numbers, else as `isotime` makes it. */
export function writeIsotime(layout: string | undefined, writer: CodeWriter): Typed {
  const parts = parseLayout(layout ?? '2006-01-02T15:04:05Z07:00')
  if (parts.every(isSimple)) return concatenated(parts.map((part) => writePart(part, writer)))
  const call = writer.imported('@imago/packer-template', 'isotime')
  return stringCode(`${call}(${quote(layout ?? '')}, ${writer.constant('now')})`)
}

/** Whether a part is a text, or a number of the time as it stands in an ISO date. */
function isSimple(part: LayoutPart): boolean {
  return 'text' in part || part.element === '06' || Object.hasOwn(textOfElement, part.element) || Object.hasOwn(partOfElement, part.element)
}

function writePart(part: LayoutPart, writer: CodeWriter): Typed {
  if ('text' in part) return literalText(part.text)
  const name = partOfElement[part.element]
  if (name !== undefined) return { expression: digits(writer.constant(name)), type: 'maybe-string' }
  if (part.element === '06') return { expression: digits(`${writer.constant('year')}?.slice(2)`), type: 'maybe-string' }
  return literalText(textOfElement[part.element] ?? '')
}

const layoutOfConversion: Readonly<Record<string, string>> = {
  A: 'Monday',
  a: 'Mon',
  B: 'January',
  b: 'Jan',
  d: '02',
  H: '15',
  I: '03',
  L: '.000',
  M: '04',
  m: '01',
  p: 'PM',
  S: '05',
  Y: '2006',
  y: '06',
  Z: 'MST',
  z: '-0700',
}

/** The time by a format of strftime. */
export function writeStrftime(format: string, writer: CodeWriter): Typed {
  const pieces = format.split(/(%.)/s).map((piece, index) => {
    if (index % 2 === 0) return literalText(piece)
    const layout = layoutOfConversion[piece.charAt(1)]
    if (piece === '%%') return literalText('%')
    return layout === undefined ? literalText(piece) : writeIsotime(layout, writer)
  })
  return concatenated(pieces)
}
