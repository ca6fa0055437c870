/** Longer lines are cut: what is looked for stands at their beginning. */
const maxLength = 64 * 1024

/** Takes output as it comes, and hands on its lines, without the colours that a terminal would show. */
export interface LineReader {
  readonly write: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
  /** Hands on the last line, which may have no end. */
  readonly end: () => void
}

/** Makes a {@link LineReader}; each stream has its own lines. */
export function lineReader(onLine: (line: string) => void): LineReader {
  const streams = { stdout: { decoder: new TextDecoder(), rest: '' }, stderr: { decoder: new TextDecoder(), rest: '' } }
  const say = (line: string): void => onLine(line.replaceAll(escapes, '').replace(/\r$/, ''))
  return {
    write: (name, chunk) => {
      const stream = streams[name]
      const [first = '', ...others] = stream.decoder.decode(chunk, { stream: true }).split('\n')
      const begun = (stream.rest + first).slice(0, maxLength)
      const last = others.pop()
      stream.rest = last ?? begun
      if (last !== undefined) for (const line of [begun, ...others]) say(line)
    },
    end: () => {
      for (const { rest } of Object.values(streams)) if (rest !== '') say(rest)
    },
  }
}

/** The sequences of ECMA-48 that set colours. */
const escapes = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g')
