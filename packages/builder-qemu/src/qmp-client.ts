import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

import type { Json, JsonObject } from '@imago/core'
import { abortError, ImagoError, messageOf, systemCode, timeLimit } from '@imago/core'

import type { QmpEvent, QmpMessage } from './qmp-message.ts'
import { parseQmpMessage } from './qmp-message.ts'

/** Milliseconds within which QEMU greets whoever connects; it greets one at a time. */
const greetingMs = 10_000

interface Waiting {
  readonly command: string
  readonly resolve: (value: Json) => void
  readonly reject: (error: Error) => void
}

/**
 * A connection to a running QEMU, by the QEMU Machine Protocol over a Unix socket
 * (https://www.qemu.org/docs/master/interop/qmp-spec.html).
 */
export class QmpClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(event: QmpEvent) => void>()
  /** Resolves when the connection is closed, whoever closed it. */
  readonly closed: Promise<void>
  #greeted: ((message: QmpMessage) => void) | undefined
  #lastId = 0
  #partial = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#failAll()
        resolve()
      })
    })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', () => undefined) // it closes, and whoever waits is told so
  }

  /**
   * Connects, and waits for QEMU's greeting.
   * @throws ImagoError `PROVIDER_UNAVAILABLE` when nobody listens or greets at the path, or as the signal says
   */
  static async connect(path: string, signal: AbortSignal): Promise<QmpClient> {
    const socket = connect({ path })
    const limit = AbortSignal.any([signal, timeLimit(greetingMs)])
    try {
      await once(socket, 'connect', { signal: limit })
      const client = new QmpClient(socket)
      await client.#greeting(limit)
      await client.execute('qmp_capabilities', {}, limit)
      return client
    } catch (error) {
      socket.destroy()
      if (signal.aborted) throw abortError(signal)
      throw new ImagoError('PROVIDER_UNAVAILABLE', `no QEMU answers at '${path}': ${systemCode(error) ?? messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /**
   * Runs a command and answers with what it returns. The signal ends the wait; QEMU may carry the command out all the same.
   * @throws ImagoError `PROVIDER_FAILED` with QEMU's words when it refuses, `MACHINE_LOST` when the connection is closed meanwhile
   */
  async execute(command: string, args: JsonObject = {}, signal?: AbortSignal): Promise<Json> {
    if (signal?.aborted === true) throw abortError(signal)
    if (this.#socket.destroyed) throw connectionClosed(command)
    const id = ++this.#lastId
    const listening = new AbortController()
    try {
      return await new Promise<Json>((resolve, reject) => {
        this.#waiting.set(id, { command, resolve, reject })
        signal?.addEventListener('abort', () => reject(abortError(signal)), { signal: listening.signal })
        this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
      })
    } finally {
      listening.abort()
      this.#waiting.delete(id)
    }
  }

  /** Calls `listener` for every event from now on. @returns ends that */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Closes the connection; QEMU goes on. */
  close(): void {
    this.#socket.destroy()
  }

  async #greeting(signal: AbortSignal): Promise<void> {
    const greeting = new Promise<QmpMessage>((resolve) => (this.#greeted = resolve))
    const aborted = once(signal, 'abort').then(() => Promise.reject(abortError(signal)))
    const message = await Promise.race([greeting, this.closed, aborted])
    if (message?.type !== 'greeting') throw connectionClosed('greeting')
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n')
    this.#partial = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') this.#handle(parseQmpMessage(line))
  }

  #handle(message: QmpMessage): void {
    switch (message.type) {
      case 'greeting':
        return this.#greeted?.(message)
      case 'event':
        for (const listener of this.#listeners) listener(message.event)
        return
      case 'return':
        return this.#waiting.get(message.id)?.resolve(message.value)
      case 'error': {
        const waiting = this.#waiting.get(message.id)
        return waiting?.reject(new ImagoError('PROVIDER_FAILED', `QEMU refuses '${waiting.command}': ${message.description}`))
      }
      case 'unknown':
        return
    }
  }

  #failAll(): void {
    for (const { command, reject } of this.#waiting.values()) reject(connectionClosed(command))
    this.#waiting.clear()
  }
}

function connectionClosed(command: string): ImagoError {
  return new ImagoError('MACHINE_LOST', `QEMU has closed its monitor before it answered '${command}'`)
}
