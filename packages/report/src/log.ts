import { outputLines } from './output-text.ts'

/** Who said a piece of a log: a command on one of its streams, a message of a plugin by its level, or the recorder. */
export type LogSource = 'stdout' | 'stderr' | 'debug' | 'info' | 'warning' | 'recorder'

/** A piece of a log, as it was said. */
export interface LogPiece {
  readonly source: LogSource
  readonly text: string
}

/** What was said, or its beginning and its end. */
export interface Log {
  readonly head: readonly LogPiece[]
  /** What is missing between head and tail. */
  readonly omitted?: { readonly characters: number; readonly lines: number }
  /** Empty, when the head is all there is. */
  readonly tail: readonly LogPiece[]
}

/** Lines from one source. */
export interface LogLines {
  readonly source: LogSource
  readonly lines: readonly string[]
}

/** The lines of a log's pieces, without escape sequences; what one source said in one go is together. */
export function linesOf(pieces: readonly LogPiece[]): LogLines[] {
  const joined: { readonly source: LogSource; text: string }[] = []
  for (const { source, text } of pieces) {
    const last = joined.at(-1)
    if (last?.source === source) last.text += text
    else joined.push({ source, text })
  }
  return joined.map(({ source, text }) => ({ source, lines: outputLines(text, { colors: false }) }))
}

/** The last lines that a log's commands said, at most so many lines and characters. */
export function lastLines({ head, omitted, tail }: Log, most: { readonly lines: number; readonly characters: number }): string[] {
  const pieces = omitted === undefined ? [...head, ...tail] : tail
  const lines = linesOf(pieces.filter(({ source }) => source !== 'debug')).flatMap((part) => part.lines)
  const kept: string[] = []
  let room = most.characters
  for (const line of lines.slice(-most.lines).toReversed()) {
    if (line.length > room && kept.length > 0) break
    kept.push(line.slice(-Math.max(room, 0)))
    room -= line.length
  }
  return kept.toReversed()
}
