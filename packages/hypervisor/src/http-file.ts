import { PassThrough } from 'node:stream'

import { abortError, formatDuration, messageOf, systemCode } from '@imago/core'

import { shownUrl } from './source-url.ts'

/** Bytes that are read before they can be written. */
const readAheadBytes = 4 * 1024 * 1024

/** How a server is asked. */
export interface ServerPatience {
  readonly signal: AbortSignal
  /** Milliseconds without a byte after which it is given up. @default 30_000 */
  readonly stallTimeoutMs?: number
}

/** A server's answer. */
export interface HttpFile {
  readonly status: number
  readonly headers: Headers
  /**
   * The content as it comes.
   * @throws ServerFailure when it breaks off
   */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Gives up what has not been read. To be called in any case. */
  close(): void
}

/** Why a server did not give a file. */
export class ServerFailure extends Error {
  override readonly name: string = 'ServerFailure'
  /** Whether it may be different the next time. */
  readonly isPassing: boolean
  /** What to do about it, where that is known. */
  readonly hint: string | undefined

  constructor(message: string, options: { readonly isPassing: boolean; readonly hint?: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.isPassing = options.isPassing
    this.hint = options.hint
  }
}

/**
 * Asks a server for a file. Follows redirections.
 * @throws ServerFailure when there is no answer, or one that has nothing of the file (200, 206, 304 and 416 are left to the caller);
 * ImagoError as the signal says
 */
export async function requestFile(url: string, headers: Readonly<Record<string, string>>, patience: ServerPatience): Promise<HttpFile> {
  const { signal, stallTimeoutMs = 30_000 } = patience
  const stall = stallTimer(stallTimeoutMs)
  const failure = (cause: unknown): unknown => (signal.aborted ? abortError(signal) : failureOf(cause, stall.signal))
  try {
    const { bare, authorization } = splitCredentials(url)
    const response = await fetch(bare, {
      headers: { 'accept-encoding': 'identity', ...authorization, ...headers },
      signal: AbortSignal.any([signal, stall.signal]),
    })
    const refusal = refusalOf(response, url)
    if (refusal !== undefined) throw refusal
    const ahead = new PassThrough({ highWaterMark: readAheadBytes })
    const ended = readInto(ahead, response.body, { stall, failure })
    const close = (): void => {
      stall.end()
      ahead.destroy()
    }
    return { status: response.status, headers: response.headers, chunks: chunksOf(ahead, ended), close }
  } catch (error) {
    stall.end()
    throw failure(error)
  }
}

interface StallTimer {
  readonly signal: AbortSignal
  /** Something came. */
  restart(): void
  /** Nobody waits any more; what is under way is given up. */
  end(): void
}

function stallTimer(timeoutMs: number): StallTimer {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new ServerFailure(`the server sent nothing for ${formatDuration(timeoutMs)}`, { isPassing: true }))
  }, timeoutMs)
  return {
    signal: controller.signal,
    restart: () => void timer.refresh(),
    end: () => {
      clearTimeout(timer)
      controller.abort()
    },
  }
}

interface Watching {
  readonly stall: StallTimer
  readonly failure: (cause: unknown) => unknown
}

/** What was read ahead, and then why there is no more. */
async function* chunksOf(ahead: AsyncIterable<Uint8Array>, ended: Promise<unknown>): AsyncGenerator<Uint8Array, void, void> {
  yield* ahead
  const error = await ended
  if (error !== undefined) throw error
}

/**
 * Reads what comes at once, and keeps it for whoever writes it: when a connection breaks, `fetch` throws away what has come but was not read.
 * @returns why it broke off, if it did
 */
async function readInto(ahead: PassThrough, body: Response['body'], { stall, failure }: Watching): Promise<unknown> {
  try {
    for await (const chunk of body ?? []) {
      stall.restart()
      if (!ahead.write(chunk)) await roomIn(ahead)
      if (ahead.destroyed) break // nobody reads on
    }
    return undefined
  } catch (error) {
    return failure(error)
  } finally {
    ahead.end()
  }
}

/** Resolves when there is room again, or nobody reads any more. */
function roomIn(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle)
      resolve()
    }
    stream.on('drain', settle).on('close', settle)
  })
}

function refusalOf({ status, statusText, headers }: Response, url: string): ServerFailure | undefined {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') return new ServerFailure(`the server sends '${shownUrl(url)}' encoded (${encoding})`, { isPassing: false })
  if (status === 200 || status === 206 || status === 304 || status === 416) return undefined
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500
  return new ServerFailure(`the server answered ${status}${statusText === '' ? '' : ` ${statusText}`}`, { isPassing })
}

/** Names that do not resolve and certificates that are not trusted stay so. */
function failureOf(error: unknown, stalled: AbortSignal): ServerFailure {
  if (error instanceof ServerFailure) return error
  if (stalled.reason instanceof ServerFailure) return stalled.reason
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error // fetch itself says only that it failed
  const code = systemCode(cause) ?? ''
  const isPassing = code !== 'ENOTFOUND' && !/CERT|SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(code)
  const hint = /SIGNED|UNABLE_TO/.test(code)
    ? 'if its certificate is of an authority of your own, name that to Node: NODE_EXTRA_CA_CERTS=/path/to/authority.pem'
    : undefined
  return new ServerFailure(messageOf(cause), { isPassing, cause, ...(hint !== undefined && { hint }) })
}

/** `fetch` refuses URLs with a user's name and password. */
function splitCredentials(url: string): { readonly bare: string; readonly authorization: Readonly<Record<string, string>> } {
  const bare = new URL(url)
  const { username, password } = bare
  if (username === '' && password === '') return { bare: url, authorization: {} }
  bare.username = ''
  bare.password = ''
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { bare: bare.href, authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } }
}
