import { abortError, formatDuration, ImagoError } from '@imago/core'

/** Characters that are kept: a wait looks back no further, and neither does the message of one that fails. */
const keptCharacters = 256 * 1024
/** The beginning of a control sequence whose end has not come yet. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unfinishedSequence = /\u001B(?:[[(][0-?]*[ -/]*|\][^\u0007\u001B]*)?$/
/** Control sequences of terminals (ECMA-48), and control characters other than line breaks and tabs. */
// oxlint-disable-next-line no-control-regex -- likewise
const controls = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[ -/]+[0-~]|[0-~])|[\u0000-\u0008\u000B-\u001F\u007F]/g

/** What is waited for. */
export interface AwaitedText {
  readonly pattern: string | RegExp
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * What a machine says on its serial port, as text without control sequences of terminals. The builder writes into it what comes; waits
 * for text look into it.
 */
export class SerialConsole {
  readonly #decoder = new TextDecoder()
  readonly #waiting = new Set<() => void>()
  #text = ''
  /** What a control sequence may begin with. */
  #pending = ''
  /** Where in `#text` the next wait looks from. */
  #from = 0

  /** Takes what the machine has said, byte for byte. */
  write(chunk: Uint8Array): void {
    const raw = this.#pending + this.#decoder.decode(chunk, { stream: true })
    const end = unfinishedSequence.exec(raw)?.index ?? raw.length
    this.#pending = raw.slice(end)
    this.#text += raw.slice(0, end).replaceAll(controls, '')
    const surplus = this.#text.length - keptCharacters
    if (surplus > keptCharacters) {
      this.#text = this.#text.slice(surplus)
      this.#from = Math.max(0, this.#from - surplus)
    }
    for (const look of this.#waiting) look()
  }

  /** The last lines that are not empty, for messages. */
  lastLines(count: number): string {
    const lines = this.#text.split('\n').map((line) => line.trimEnd())
    return lines
      .filter((line) => line !== '')
      .slice(-count)
      .join('\n')
  }

  /**
   * Resolves when the machine says the pattern, or has said it since what the wait before found.
   * @throws ImagoError `TIMEOUT` with what was said last, or as the signal says
   */
  waitFor({ pattern, timeoutMs, signal }: AwaitedText): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(look)
        if (error === undefined) resolve()
        else reject(error)
      }
      const look = (): void => {
        if (this.#find(pattern)) settle()
      }
      const onAbort = (): void => settle(abortError(signal))
      const timer = setTimeout(() => settle(this.#timeoutError(pattern, timeoutMs)), timeoutMs)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(look)
      look()
    })
  }

  /** Goes on behind what it finds. */
  #find(pattern: string | RegExp): boolean {
    const unread = this.#text.slice(this.#from)
    const end = typeof pattern === 'string' ? endOfText(unread, pattern) : endOfMatch(unread, pattern)
    if (end === undefined) return false
    this.#from += end
    return true
  }

  #timeoutError(pattern: string | RegExp, timeoutMs: number): ImagoError {
    const last = this.lastLines(3)
    const said = last === '' ? 'it has said nothing' : `the last that it said was:\n${last}`
    return new ImagoError('TIMEOUT', `the serial console did not say ${shown(pattern)} within ${formatDuration(timeoutMs)}; ${said}`, {
      hint:
        last === '' ? "let the guest use its first serial port: 'console=ttyS0' for Linux" : 'check the pattern, or give a longer timeout',
    })
  }
}

function endOfText(text: string, wanted: string): number | undefined {
  const start = text.indexOf(wanted)
  return start === -1 ? undefined : start + wanted.length
}

function endOfMatch(text: string, pattern: RegExp): number | undefined {
  const match = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).exec(text)
  return match === null ? undefined : match.index + match[0].length
}

function shown(pattern: string | RegExp): string {
  return typeof pattern === 'string' ? `'${pattern}'` : String(pattern)
}
