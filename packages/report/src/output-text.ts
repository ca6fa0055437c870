/** Whole escape sequences (ECMA-48): CSI, strings such as OSC up to their terminator, and the two-character ones. */
const escapeSequence =
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
  /\u001B(?:\[[\d:;<=>?]*[ -/]*[@-~]|[P\]X^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])|\u009B[\d:;<=>?]*[ -/]*[@-~]/g
// oxlint-disable-next-line no-control-regex -- they must not reach the terminal
const controlCharacter = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g
// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const sgrSequence = /^\u001B\[[\d:;]*m$/
const reset = '\u001B[0m'

/** How commands' output is shown. */
export interface OutputTextOptions {
  /** Whether colours may stay. */
  readonly colors: boolean
}

/**
 * The lines of a command's output, fit to be shown among others: nothing moves the cursor, rings or sets a title, a line that was
 * overwritten (`\r`) is its last state, and colours end with their line.
 */
export function outputLines(text: string, { colors }: OutputTextOptions): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => cleanLine(lastState(line), colors))
}

/** A text as a single line without escape sequences: for titles and names. */
export function singleLine(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n')
  return `${cleanLine(first.replaceAll('\t', ' '), false)}${rest.length > 0 ? ' …' : ''}`
}

function lastState(line: string): string {
  if (!line.includes('\r')) return line
  const states = line.split('\r')
  return states.findLast((state) => state !== '') ?? ''
}

function cleanLine(line: string, colors: boolean): string {
  if (line.search(controlCharacter) === -1) return line
  let colored = false
  const withoutSequences = line.replaceAll(escapeSequence, (sequence) => {
    if (!colors || !sgrSequence.test(sequence)) return ''
    colored = true
    return sequence
  })
  if (!colored) return withoutSequences.replaceAll(controlCharacter, '')
  // Only colours are left of the sequences; their escape characters are the only ones that stay.
  return `${withoutSequences.replaceAll(controlCharacter, (character, at: number) => (startsColor(withoutSequences, at) ? character : ''))}${reset}`
}

function startsColor(text: string, at: number): boolean {
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
  return /^\u001B\[[\d:;]*m/.test(text.slice(at, at + 32))
}
