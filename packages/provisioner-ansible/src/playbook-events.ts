import * as v from 'valibot'

import { eventMark } from './callback-plugin.ts'

/** How a task ended on a host. */
export interface TaskResult {
  readonly event: 'result'
  readonly status: 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable'
  readonly host: string
  readonly task: string
  /** Where the task is: `/srv/play/site.yml:12`; empty when Ansible does not say. */
  readonly path: string
  /** It failed, and the play goes on all the same. */
  readonly ignored: boolean
  /** What the module says, and what its program printed. */
  readonly msg: string
  readonly stderr: string
  readonly module_stderr: string
  readonly module_stdout: string
  /** The exit code of its program. */
  readonly rc?: number | undefined
}

/** How many tasks of a host ended how. */
export interface HostCounts {
  readonly ok: number
  readonly changed: number
  readonly failures: number
  readonly unreachable: number
  readonly skipped: number
  readonly rescued: number
  readonly ignored: number
}

/** What the callback plugin says. */
export type PlaybookEvent =
  | { readonly event: 'play' | 'task'; readonly name: string }
  | { readonly event: 'no-hosts' }
  | TaskResult
  | { readonly event: 'stats'; readonly hosts: Readonly<Record<string, HostCounts>> }

const name = v.optional(v.string(), '')
const count = v.optional(v.number(), 0)

const schema: v.GenericSchema<unknown, PlaybookEvent> = v.variant('event', [
  v.object({ event: v.picklist(['play', 'task']), name }),
  v.object({ event: v.literal('no-hosts') }),
  v.object({
    event: v.literal('result'),
    status: v.picklist(['ok', 'changed', 'skipped', 'failed', 'unreachable']),
    host: v.string(),
    task: v.string(),
    path: name,
    ignored: v.optional(v.boolean(), false),
    msg: name,
    stderr: name,
    module_stderr: name,
    module_stdout: name,
    rc: v.optional(v.number()),
  }),
  v.object({
    event: v.literal('stats'),
    hosts: v.record(
      v.string(),
      v.object({ ok: count, changed: count, failures: count, unreachable: count, skipped: count, rescued: count, ignored: count }),
    ),
  }),
])

const newline = 0x0a

/** Takes the standard output of `ansible-playbook` apart: events, and text for people. */
export class EventReader {
  readonly #onEvent: (event: PlaybookEvent) => void
  readonly #onText: (chunk: Uint8Array) => void
  /** The beginning of an event whose end has not come yet. */
  #held: Buffer = Buffer.alloc(0)
  #isLineStart = true

  constructor(onEvent: (event: PlaybookEvent) => void, onText: (chunk: Uint8Array) => void) {
    this.#onEvent = onEvent
    this.#onText = onText
  }

  /** Takes the next piece of output. */
  take(chunk: Uint8Array): void {
    let rest = Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest.length > 0) {
      const end = rest.indexOf(newline) + 1
      if (this.#isLineStart && rest[0] === eventMark) {
        if (end === 0) {
          this.#held = rest
          return
        }
        this.#event(rest.subarray(0, end))
      } else {
        const text = end === 0 ? rest : rest.subarray(0, end)
        this.#isLineStart = end > 0
        this.#onText(text)
      }
      rest = end === 0 ? Buffer.alloc(0) : rest.subarray(end)
    }
  }

  /** Hands over what was held back, when there is no more output. */
  end(): void {
    if (this.#held.length > 0) this.#onText(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** A line that only looks like an event is text. */
  #event(line: Buffer): void {
    const parsed = v.safeParse(schema, parse(line.toString('utf8', 1)))
    if (parsed.success) this.#onEvent(parsed.output)
    else this.#onText(line)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
