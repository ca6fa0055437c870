import type { Readable } from 'node:stream'

/** One line of what the engine says while it pulls, pushes, loads or builds. */
export interface EngineMessage {
  /** Output of a build. */
  readonly stream?: string
  readonly status?: string
  /** The layer that `status` is about. */
  readonly id?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly message?: string }
  /** What came of it: `{ ID }`, `{ Digest }`. */
  readonly aux?: Readonly<Record<string, unknown>>
}

/** Reads the engine's messages, one JSON object a line. A message that says `error` is thrown. */
export async function* readMessages(stream: Readable): AsyncGenerator<EngineMessage, void, undefined> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield toMessage(line)
  }
  if (rest.trim() !== '') yield toMessage(rest)
}

function toMessage(line: string): EngineMessage {
  const message = JSON.parse(line) as EngineMessage // the engine's own format
  const error = message.errorDetail?.message ?? message.error
  if (error !== undefined) throw new Error(error)
  return message
}
