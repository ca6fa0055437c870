import { once } from 'node:events'
import type { ReadStream } from 'node:tty'

/**
 * The next key pressed on a terminal, without waiting for Enter and without showing it. Ctrl-C is a key like others meanwhile.
 * @throws the signal's reason when it is aborted first
 */
export async function readKey(terminal: ReadStream, signal: AbortSignal): Promise<string> {
  terminal.setRawMode(true)
  terminal.resume()
  try {
    const [key]: unknown[] = await once(terminal, 'data', { signal })
    return String(key)
  } finally {
    terminal.setRawMode(false)
    terminal.pause()
  }
}
