import type { Output } from '../output.ts'
import { displayWidth } from './display-width.ts'

const hideCursor = '\u001B[?25l'
const showCursor = '\u001B[?25h'
const clearToEndOfLine = '\u001B[K'
const clearToEndOfScreen = '\u001B[J'
/** Terminals that know it show a frame at once; the others ignore it. */
const beginFrame = '\u001B[?2026h'
const endFrame = '\u001B[?2026l'

/** Lines at the bottom of a terminal that change in place, while other lines scroll by above them. */
export class LiveBlock {
  readonly #output: Output
  #shown: readonly string[] = []
  #hidden = false

  constructor(output: Output) {
    this.#output = output
  }

  /** Adds lines above the block and shows these in it, each shorter than the terminal is wide. Writes only what has changed. */
  update(above: readonly string[], lines: readonly string[]): void {
    if (above.length === 0 && same(lines, this.#shown)) return
    const changes = above.length === 0 ? this.#changedLines(lines) : [clearToEndOfScreen, ...above.map(ended), ...lines.map(ended)]
    this.#write(`${this.#toTop(this.#shown.length)}${changes.join('')}${clearToEndOfScreen}`)
    this.#shown = lines
  }

  /** Takes the block away: after the terminal's size has changed, and at the end. */
  clear(): void {
    if (this.#shown.length === 0) return
    const { columns } = this.#output.size()
    const rows = this.#shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
    this.#write(`${this.#toTop(rows)}${clearToEndOfScreen}`)
    this.#shown = []
  }

  /** Takes the block away and shows the cursor again. */
  close(): void {
    this.clear()
    if (this.#hidden) this.#output.write(showCursor)
    this.#hidden = false
  }

  #changedLines(lines: readonly string[]): string[] {
    return lines.map((line, index) => (line === this.#shown[index] ? '\n' : `${line}${clearToEndOfLine}\n`))
  }

  #toTop(rows: number): string {
    return rows === 0 ? '\r' : `\r\u001B[${rows}A`
  }

  #write(frame: string): void {
    const hide = this.#hidden ? '' : hideCursor
    this.#hidden = true
    this.#output.write(`${beginFrame}${hide}${frame}${endFrame}`)
  }
}

function ended(line: string): string {
  return `${line}\n`
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index])
}
