import type { UtcParts } from './utc-parts.ts'
import { dayNames, monthNames, twoDigits, utcParts } from './utc-parts.ts'

/** A part of a layout: text that stands for itself, or what of the time stands there. */
export type LayoutPart = { readonly text: string } | { readonly element: LayoutElement }

/** What Go's reference time, `Mon Jan 2 15:04:05 MST 2006`, is made of, as it is written there. */
export type LayoutElement = (typeof elements)[number] | `.${string}`

/** Of two that begin alike, the longer one is first. */
const elements = [
  'January',
  'Jan',
  'Monday',
  'Mon',
  'MST',
  '002',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '15',
  '1',
  '2006',
  '2',
  '__2',
  '_2',
  '3',
  '4',
  '5',
  'PM',
  'pm',
  '-070000',
  '-07:00:00',
  '-0700',
  '-07:00',
  '-07',
  'Z070000',
  'Z07:00:00',
  'Z0700',
  'Z07:00',
  'Z07',
] as const

/** A name that is cut short is none when it goes on: `Janet`. */
const shortNames: ReadonlySet<string> = new Set(['Jan', 'Mon'])
const fraction = /[.,](0+|9+)(?!\d)/y
const plain = /[^JM0-9_Pp\-Z.,]+/y

/** Takes a layout of Go's `time` package apart (https://pkg.go.dev/time#pkg-constants). */
export function parseLayout(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = []
  let text = ''
  let at = 0
  while (at < layout.length) {
    const element = elementAt(layout, at)
    if (element === undefined) {
      const piece = textAt(layout, at)
      text += piece
      at += piece.length
      continue
    }
    if (text !== '') parts.push({ text })
    text = ''
    parts.push({ element })
    at += element.length
  }
  if (text !== '') parts.push({ text })
  return parts
}

function textAt(layout: string, at: number): string {
  plain.lastIndex = at
  // `_2006` is an underscore and a year.
  return plain.exec(layout)?.[0] ?? layout.charAt(at)
}

function elementAt(layout: string, at: number): LayoutElement | undefined {
  fraction.lastIndex = at
  const digits = fraction.exec(layout)?.[1]
  if (digits !== undefined) return `.${digits}`
  if (layout.startsWith('_2006', at)) return undefined
  const element = elements.find((candidate) => layout.startsWith(candidate, at))
  if (element === undefined || (shortNames.has(element) && /[a-z]/.test(layout.charAt(at + 3)))) return undefined
  return element
}

/** A time in UTC, as Go's `Time.Format` writes it. */
export function formatGoLayout(layout: string, time: Date): string {
  const parts = utcParts(time)
  let written = 0
  return parseLayout(layout)
    .map((part) => {
      if ('text' in part) {
        written += part.text.length
        return part.text
      }
      const separator = part.element.startsWith('.') ? layout.charAt(written) : ''
      written += part.element.length
      return separator === ',' ? formatElement(part.element, parts).replace('.', ',') : formatElement(part.element, parts)
    })
    .join('')
}

function formatElement(element: LayoutElement, parts: UtcParts): string {
  switch (element) {
    case 'January':
      return monthNames[parts.month - 1] ?? ''
    case 'Jan':
      return (monthNames[parts.month - 1] ?? '').slice(0, 3)
    case '1':
      return String(parts.month)
    case '01':
      return twoDigits(parts.month)
    case 'Monday':
      return dayNames[parts.weekday] ?? ''
    case 'Mon':
      return (dayNames[parts.weekday] ?? '').slice(0, 3)
    case '2':
      return String(parts.day)
    case '_2':
      return String(parts.day).padStart(2, ' ')
    case '02':
      return twoDigits(parts.day)
    case '__2':
      return String(parts.yearDay).padStart(3, ' ')
    case '002':
      return String(parts.yearDay).padStart(3, '0')
    default:
      return formatClock(element, parts)
  }
}

function formatClock(element: LayoutElement, { year, hour, minute, second, millisecond }: UtcParts): string {
  const hour12 = hour % 12 === 0 ? 12 : hour % 12
  switch (element) {
    case '2006':
      return String(year).padStart(4, '0')
    case '06':
      return twoDigits(year % 100)
    case '15':
      return twoDigits(hour)
    case '3':
      return String(hour12)
    case '03':
      return twoDigits(hour12)
    case '4':
      return String(minute)
    case '04':
      return twoDigits(minute)
    case '5':
      return String(second)
    case '05':
      return twoDigits(second)
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return 'UTC'
    default:
      return element.startsWith('.') ? formatFraction(element.slice(1), millisecond) : formatZone(element)
  }
}

function formatFraction(digits: string, millisecond: number): string {
  const nanoseconds = String(millisecond).padStart(3, '0').padEnd(9, '0').slice(0, digits.length).padEnd(Math.min(digits.length, 9), '0')
  if (digits.startsWith('0')) return `.${nanoseconds}`
  const significant = nanoseconds.replace(/0+$/, '')
  return significant === '' ? '' : `.${significant}`
}

/** UTC is `Z` where the layout says `Z`, and else no distance. */
function formatZone(element: string): string {
  return element.startsWith('Z') ? 'Z' : element.replace('-07', '+00')
}
