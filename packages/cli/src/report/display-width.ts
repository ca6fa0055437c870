const ascii = /^[\u0020-\u007E]*$/
const invisible = /^[\p{Control}\p{Default_Ignorable_Code_Point}\p{Mark}]+$/u
const emoji = /^(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F)/u
/** The wide and full-width blocks of Unicode's East Asian Width (UAX #11). */
const wide =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{17000}-\u{18AFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u
/** An SGR sequence, which takes no room. */
// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const sgrSequence = /(\u001B\[[\d;]*m)/

/** How many cells a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length
  return text.split(sgrSequence).reduce((sum, part) => sum + (sgrSequence.test(part) ? 0 : widthOfPlain(part)), 0)
}

/** The text, cut to so many cells with `ellipsis` at its end; colours stay, and end where they must. */
export function truncate(text: string, cells: number, ellipsis: string): string {
  if (displayWidth(text) <= cells) return text
  const room = cells - displayWidth(ellipsis)
  if (room < 0) return ''
  let kept = ''
  let used = 0
  for (const part of text.split(sgrSequence)) {
    if (sgrSequence.test(part)) {
      kept += part
      continue
    }
    if (used > room) continue
    for (const { segment } of graphemes(part)) {
      const width = cellsOf(segment)
      if (used + width > room) {
        kept += ellipsis
        used = Infinity
        break
      }
      kept += segment
      used += width
    }
  }
  return kept
}

/** The text with spaces up to so many cells. */
export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - displayWidth(text)))
}

function widthOfPlain(text: string): number {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes(text)) width += cellsOf(segment)
  return width
}

/** The first segmenter of a process takes 10 ms, which commands that write ASCII do without; the others take nothing. */
function graphemes(text: string): Iterable<Intl.SegmentData> {
  return new Intl.Segmenter().segment(text)
}

function cellsOf(grapheme: string): number {
  if (ascii.test(grapheme)) return grapheme.length
  if (invisible.test(grapheme)) return 0
  return emoji.test(grapheme) || wide.test(grapheme) ? 2 : 1
}
