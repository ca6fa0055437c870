import type { Log, LogPiece, LogSource } from './log.ts'

/** The share of the limit that the beginning of a log gets. The end says more of what went wrong. */
const headShare = 0.25

/** Pieces from one source are joined up to about so many characters: output may come a few at a time. */
const pieceLength = 4096

/** Keeps the beginning and the end of what is said, at most so many characters in all. */
export class BoundedLog {
  readonly #head: LogPiece[] = []
  readonly #tailLimit: number
  #headRoom: number
  #tail: LogPiece[] = []
  #tailLength = 0
  #omittedCharacters = 0
  #omittedLines = 0

  constructor(limit: number) {
    this.#headRoom = Math.floor(limit * headShare)
    this.#tailLimit = limit - this.#headRoom
  }

  add(source: LogSource, text: string): void {
    const forHead = this.#takeHead(source, text)
    if (forHead === text.length) return
    append(this.#tail, source, text.slice(forHead))
    this.#tailLength += text.length - forHead
    if (this.#tailLength > 2 * this.#tailLimit) this.#cutTail()
  }

  /** What is kept; more may be added later. */
  log(): Log {
    this.#cutTail()
    return {
      head: [...this.#head],
      ...(this.#omittedCharacters > 0 && { omitted: { characters: this.#omittedCharacters, lines: this.#omittedLines } }),
      tail: [...this.#tail],
    }
  }

  /** Adds to the head what still belongs there, whole lines if there are any, and says how much that is. */
  #takeHead(source: LogSource, text: string): number {
    if (this.#headRoom === 0) return 0
    const end = text.length <= this.#headRoom ? text.length : text.lastIndexOf('\n', this.#headRoom - 1) + 1
    if (end > 0) append(this.#head, source, text.slice(0, end))
    this.#headRoom = end === text.length ? this.#headRoom - end : 0
    return end
  }

  /** Leaves out what is before the end, and the rest of the line where that begins. */
  #cutTail(): void {
    let excess = this.#tailLength - this.#tailLimit
    if (excess <= 0) return
    let whole = 0
    for (const { text } of this.#tail) {
      if (text.length > excess) break
      excess -= text.length
      this.#omit(text)
      whole++
    }
    const [first, ...rest] = this.#tail.slice(whole)
    this.#tail = first === undefined ? [] : [this.#cutPiece(first, excess), ...rest]
  }

  #cutPiece({ source, text }: LogPiece, excess: number): LogPiece {
    if (excess === 0) return { source, text }
    const lineEnd = text.indexOf('\n', excess - 1) + 1
    const from = lineEnd === 0 || lineEnd === text.length ? excess : lineEnd
    this.#omit(text.slice(0, from))
    return { source, text: text.slice(from) }
  }

  #omit(text: string): void {
    this.#tailLength -= text.length
    this.#omittedCharacters += text.length
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#omittedLines++
  }
}

function append(pieces: LogPiece[], source: LogSource, text: string): void {
  const last = pieces.at(-1)
  if (last?.source === source && last.text.length < pieceLength) pieces[pieces.length - 1] = { source, text: last.text + text }
  else pieces.push({ source, text })
}
