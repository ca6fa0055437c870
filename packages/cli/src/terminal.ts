import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'

/** The terminal that the user sits at, as a program in a machine uses it. */
export interface Terminal {
  /**
   * Hands over what is typed, until it is disposed of.
   * @param raw whether each byte is handed over as it is, Ctrl-C too, and nothing is shown: for a program that has a terminal of its own
   */
  open(raw: boolean): OpenTerminal
}

/** A terminal while a program uses it. */
export interface OpenTerminal extends Disposable {
  readonly input: Readable
  write(bytes: Uint8Array): void
}

/** The terminal of a process. */
export function processTerminal(stdin: ReadStream, stdout: WriteStream): Terminal {
  return {
    open(raw) {
      const input = new PassThrough() // of its own: whoever reads it may destroy it
      input.on('error', () => undefined)
      if (raw) stdin.setRawMode(true)
      stdin.pipe(input)
      return {
        input,
        write: (bytes) => void stdout.write(bytes),
        [Symbol.dispose]: () => {
          stdin.unpipe(input)
          if (raw) stdin.setRawMode(false)
          stdin.pause()
          input.destroy()
        },
      }
    },
  }
}
