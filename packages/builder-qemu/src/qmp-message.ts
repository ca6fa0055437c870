import type { Json, JsonObject } from '@imago/core'

/** Something that QEMU reports of its own accord. */
export interface QmpEvent {
  /** `'SHUTDOWN'`, `'RESET'`, `'STOP'`. */
  readonly name: string
  readonly data: JsonObject
}

/** A member of an answer or an event that is text; empty when it is none. */
export function textMember(value: Json, name: string): string {
  const member = asObject(value)?.[name]
  return typeof member === 'string' ? member : ''
}

/** What QEMU sends. */
export type QmpMessage =
  | { readonly type: 'greeting' }
  | { readonly type: 'event'; readonly event: QmpEvent }
  | { readonly type: 'return'; readonly id: number; readonly value: Json }
  | { readonly type: 'error'; readonly id: number; readonly description: string }
  | { readonly type: 'unknown' }

/** Reads one line of the protocol. What is not understood is `unknown`: newer versions may say more. */
export function parseQmpMessage(line: string): QmpMessage {
  const message = parseObject(line)
  if (message === undefined) return { type: 'unknown' }
  if ('QMP' in message) return { type: 'greeting' }
  if (typeof message['event'] === 'string') {
    return { type: 'event', event: { name: message['event'], data: asObject(message['data']) ?? {} } }
  }
  const id = typeof message['id'] === 'number' ? message['id'] : 0
  const error = asObject(message['error'])
  if (error !== undefined)
    return { type: 'error', id, description: typeof error['desc'] === 'string' ? error['desc'] : JSON.stringify(error) }
  return 'return' in message ? { type: 'return', id, value: message['return'] ?? null } : { type: 'unknown' }
}

function parseObject(line: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(line) as Json) // JSON.parse makes nothing else
  } catch {
    return undefined
  }
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined // neither null nor a list
}
