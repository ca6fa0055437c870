import type { Issue } from '@imago/core'
import { didYouMean, parseDuration } from '@imago/core'

import type { KeyStep, WaitStep } from './boot-step.ts'
import type { Key } from './key.ts'
import { keyNames, namedKey } from './named-key.ts'
import type { TypedKey } from './typed-key.ts'
import { typedKey } from './typed-key.ts'

/** A wait; without a unit, in seconds. */
const waitToken = /^wait(\d+|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)?$/i
const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The text of a boot command, taken apart. */
export interface ParsedKeys {
  readonly steps: readonly (KeyStep | WaitStep)[]
  readonly issues: readonly Omit<Issue, 'path'>[]
}

/** Takes the text of a boot command apart. */
export function parseKeys(text: string): ParsedKeys {
  const steps: (KeyStep | WaitStep)[] = []
  const issues: Omit<Issue, 'path'>[] = []
  const token = /<([<>]o(?:n|ff)|[^<>\s]+)>/iy // `<<On>` and `<>On>` hold the keys of the brackets themselves
  for (let at = 0; at < text.length;) {
    token.lastIndex = at
    const name = token.exec(text)?.[1]
    const source = name === undefined ? String.fromCodePoint(text.codePointAt(at) ?? 0) : `<${name}>`
    const parsed = name === undefined ? parseCharacter(source) : parseToken(name)
    if ('type' in parsed) steps.push(parsed)
    else issues.push(parsed)
    at += source.length
  }
  return { steps, issues }
}

type Parsed = KeyStep | WaitStep | Omit<Issue, 'path'>

function parseCharacter(character: string): Parsed {
  const typed = typedKey(character)
  return typed === undefined ? { message: `no key of a US keyboard types '${character}'` } : { type: 'keys', events: stroke(typed) }
}

function parseToken(name: string): Parsed {
  if (name.toLowerCase() === 'lt') return { type: 'keys', events: stroke({ key: 'comma', shift: true }) }
  const wait = waitToken.exec(name)
  if (wait !== null) return parseWait(name, wait[1])
  const key = namedKey(name)
  if (key !== undefined) return { type: 'keys', events: stroke({ key, shift: false }) }
  const hold = /^(.+)(on|off)$/iu.exec(name)
  const held = hold === null ? undefined : heldKey(hold[1] ?? '')
  if (held === undefined) return unknownToken(name)
  return { type: 'keys', events: [{ key: held, down: hold?.[2]?.toLowerCase() === 'on' }] }
}

function heldKey(name: string): Key | undefined {
  return namedKey(name) ?? typedKey(name)?.key
}

/** Down and up again. */
function stroke({ key, shift }: TypedKey): KeyStep['events'] {
  const events = [
    { key, down: true },
    { key, down: false },
  ]
  return shift ? [{ key: 'shift', down: true }, ...events, { key: 'shift', down: false }] : events
}

function parseWait(name: string, length: string | undefined): Parsed {
  const ms = length === undefined ? 1000 : /^\d+$/.test(length) ? Number(length) * 1000 : sumOf(length)
  return parseDuration(ms) === undefined ? { message: `'<${name}>' is too long`, hint: '24 days at most' } : { type: 'wait', ms }
}

function sumOf(length: string): number {
  const parts = length.toLowerCase().matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0), 0)
}

function unknownToken(name: string): Omit<Issue, 'path'> {
  const message = `there is no key '<${name}>'`
  if (/^wait/i.test(name)) return { message, hint: "waits are '<wait>', '<wait10>' (seconds), '<wait1m30s>'" }
  const [, base = name, ending = ''] = /^(.+)(on|off)$/iu.exec(name) ?? []
  const close = didYouMean(base, keyNames)
  const meant = close === undefined ? didYouMean(name, [...keyNames, 'wait']) : `${close}${ending}`
  const literally = `write '<lt>${name}>' to type it as it stands`
  return { message, hint: meant === undefined ? literally : `did you mean '<${meant}>'? ${literally}` }
}
