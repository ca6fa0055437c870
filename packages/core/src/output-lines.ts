import { TextDecoder } from 'node:util'

import type { OutputSink } from './event.ts'
import type { Redactor } from './redactor.ts'

type Stream = 'stdout' | 'stderr'

/** Longer pieces of a line are shown before the line ends. */
const longestPiece = 16 * 1024
/** A line that has not ended is shown after so many milliseconds: it may be a question. */
const patienceMs = 250

/**
 * Turns the output of commands into text: decoded across chunks (bytes that are not UTF-8 become U+FFFD), secrets masked also when they
 * are split, in pieces of whole lines where possible.
 */
export class OutputLines {
  readonly #redactor: Redactor
  readonly #show: (stream: Stream, text: string) => void
  readonly #channels: Readonly<Record<Stream, Channel>> = { stdout: newChannel(), stderr: newChannel() }
  #timer: NodeJS.Timeout | undefined

  constructor(redactor: Redactor, show: (stream: Stream, text: string) => void) {
    this.#redactor = redactor
    this.#show = show
  }

  readonly write: OutputSink = (stream, chunk) => {
    const channel = this.#channels[stream]
    channel.pending += channel.decoder.decode(chunk, { stream: true })
    const { shown, held } = this.#redactor.settle(channel.pending)
    channel.pending = held
    channel.line += shown
    const end = channel.line.lastIndexOf('\n') + 1
    if (end > 0 || channel.line.length > longestPiece)
      this.#take(stream, channel, channel.line.length - end > longestPiece ? channel.line.length : end)
    if (channel.line !== '') this.#timer ??= setTimeout(() => this.#showPartialLines(), patienceMs).unref()
  }

  /** Shows what has not been shown yet. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const stream of ['stdout', 'stderr'] as const) {
      const channel = this.#channels[stream]
      channel.line += this.#redactor.text(channel.pending + channel.decoder.decode())
      channel.pending = ''
      this.#take(stream, channel, channel.line.length)
    }
  }

  #showPartialLines(): void {
    this.#timer = undefined
    for (const stream of ['stdout', 'stderr'] as const) this.#take(stream, this.#channels[stream], this.#channels[stream].line.length)
  }

  #take(stream: Stream, channel: Channel, length: number): void {
    if (length === 0) return
    const text = channel.line.slice(0, length)
    channel.line = channel.line.slice(length)
    this.#show(stream, text)
  }
}

interface Channel {
  readonly decoder: TextDecoder
  /** Decoded text whose end may be the beginning of a secret. */
  pending: string
  /** Masked text that has not been shown. */
  line: string
}

function newChannel(): Channel {
  return { decoder: new TextDecoder(), pending: '', line: '' }
}
