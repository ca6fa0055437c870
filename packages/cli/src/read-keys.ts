import { once } from 'node:events'
import type { ReadStream } from 'node:tty'

/**
 * The next keys pressed on a terminal, mostly one, without waiting for Enter and without showing them. Ctrl-C is a key like others meanwhile.
 * @throws the signal's reason when it is aborted first
 */
export async function readKeys(terminal: ReadStream, signal: AbortSignal): Promise<string> {
  terminal.setRawMode(true)
  terminal.resume()
  try {
    const [keys]: unknown[] = await once(terminal, 'data', { signal })
    return String(keys)
  } finally {
    terminal.setRawMode(false)
    terminal.pause()
  }
}
