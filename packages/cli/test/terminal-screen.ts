/** A terminal of so many columns that keeps everything that scrolled by. Knows what the live display uses, and nothing else. */
export class TerminalScreen {
  readonly #columns: number
  #rows: string[] = ['']
  #row = 0
  #column = 0
  cursorVisible = true

  constructor(columns: number) {
    this.#columns = columns
  }

  /** The rows, without spaces at their ends. */
  get rows(): string[] {
    const rows = this.#rows.map((row) => row.trimEnd())
    while (rows.at(-1) === '') rows.pop()
    return rows
  }

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    for (const [token] of text.matchAll(/\u001B\[\??[\d;]*[A-Za-z]|[^]/g)) this.#take(token)
  }

  #take(token: string): void {
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    const control = /^\u001B\[(\??)([\d;]*)([A-Za-z])$/.exec(token)
    if (control !== null) return this.#control(`${control[1]}${control[3]}`, Number(control[2] === '' ? '1' : control[2]))
    if (token === '\r') this.#column = 0
    else if (token === '\n') this.#newLine()
    else this.#print(token)
  }

  #control(name: string, number: number): void {
    if (name === 'A') this.#row = Math.max(0, this.#row - number)
    else if (name === 'K') this.#rows[this.#row] = this.#current.slice(0, this.#column)
    else if (name === 'J') this.#rows = [...this.#rows.slice(0, this.#row), this.#current.slice(0, this.#column)]
    else if (name === '?h' && number === 25) this.cursorVisible = true
    else if (name === '?l' && number === 25) this.cursorVisible = false
    else if (name !== 'm' && number !== 2026) throw new Error(`the terminal does not know ${name} ${number}`)
  }

  get #current(): string {
    return this.#rows[this.#row] ?? ''
  }

  #newLine(): void {
    this.#row++
    this.#column = 0
    this.#rows[this.#row] ??= ''
  }

  #print(character: string): void {
    if (this.#column === this.#columns) this.#newLine()
    const row = this.#current.padEnd(this.#column)
    this.#rows[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1)
    this.#column++
  }
}
