import type { ErrorJson, TransferProgress } from '@imago/core'
import { abortError, errorToJson, ImagoError } from '@imago/core'

import type { Call } from '../tree/tree.ts'

/** A channel between two processes of ours: a child process, or `process` in the child. Messages are cloned, bytes included. */
export interface Port {
  send(message: Message): void
  onMessage(listener: (message: Message) => void): void
}

/** What goes over a {@link Port}. */
export type Message =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly parameter: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: TransferProgress }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: ErrorJson }

/** Methods that can be called over a port: one parameter of plain data, and a result of plain data. */
export type Methods<M> = { readonly [K in keyof M]: (parameter: never, call: Call) => Promise<unknown> }
type ParameterOf<F> = F extends (parameter: infer P, call: Call) => Promise<unknown> ? P : never
type ResultOf<F> = F extends (parameter: never, call: Call) => Promise<infer R> ? R : never

/** Progress is sent at most so often, in milliseconds. */
const progressInterval = 50

/** Answers the calls that come over a port. */
export function serve<M extends Methods<M>>(port: Port, methods: M): void {
  const running = new Map<number, AbortController>()
  port.onMessage((message) => {
    if (message.kind === 'cancel') running.get(message.id)?.abort()
    if (message.kind !== 'call') return
    const { id, method, parameter } = message
    const abort = new AbortController()
    running.set(id, abort)
    const onProgress = throttled((progress) => port.send({ kind: 'progress', id, progress }))
    // Both sides are of one version, and the caller's types are ours: the method exists, and takes this.
    void methods[method as keyof M](parameter as never, { signal: abort.signal, onProgress })
      .then(
        (value) => port.send({ kind: 'result', id, value }),
        (error: unknown) => port.send({ kind: 'failure', id, error: errorToJson(error) }),
      )
      .finally(() => running.delete(id))
  })
}

/** Keeps the last one back only as long as another may follow; the end of a transfer is always told. */
function throttled(send: (progress: TransferProgress) => void): (progress: TransferProgress) => void {
  let last = -Infinity
  return (progress) => {
    const now = performance.now()
    if (now - last < progressInterval && progress.bytes !== progress.total) return
    last = now
    send(progress)
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly onProgress: Call['onProgress']
}

/** Calls the methods that {@link serve} offers at the other end of a port. */
export class RpcClient<M extends Methods<M>> {
  readonly #port: Port
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #lost: Error | undefined

  constructor(port: Port) {
    this.#port = port
    port.onMessage((message) => this.#receive(message))
  }

  /** Rejects as the method does. When the signal is aborted, the method is told, and its answer is awaited all the same. */
  call<K extends keyof M & string>(method: K, parameter: ParameterOf<M[K]>, call: Call): Promise<ResultOf<M[K]>> {
    const { signal, onProgress } = call
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (signal.aborted) return Promise.reject(abortError(signal))
    const id = ++this.#lastId
    const cancel = (): void => this.#port.send({ kind: 'cancel', id })
    signal.addEventListener('abort', cancel, { once: true })
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject, onProgress }))
    this.#port.send({ kind: 'call', id, method, parameter })
    const settled = answer
      .catch((error: unknown) => {
        throw signal.aborted ? abortError(signal) : error
      })
      .then((value) => {
        if (signal.aborted) throw abortError(signal) // it was done before it could be told
        return value
      })
      .finally(() => signal.removeEventListener('abort', cancel))
    return settled as Promise<ResultOf<M[K]>> // the method of this name answers so
  }

  /** Rejects what is pending, and every call from now on. */
  lose(error: Error): void {
    this.#lost ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  #receive(message: Message): void {
    const pending = 'id' in message ? this.#pending.get(message.id) : undefined
    if (pending === undefined) return
    if (message.kind === 'progress') pending.onProgress?.(message.progress)
    if (message.kind !== 'result' && message.kind !== 'failure') return
    this.#pending.delete(message.id)
    if (message.kind === 'result') pending.resolve(message.value)
    else pending.reject(errorFromJson(message.error))
  }
}

function errorFromJson({ code, message, hint, causes }: ErrorJson): ImagoError {
  return new ImagoError(code, message, {
    ...(hint !== undefined && { hint }),
    ...(causes !== undefined && { cause: new Error(causes.join(': ')) }),
  })
}
