import { joinedTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ShellToken } from './shell-words.ts'

const begin = '\u{e000}'

/** Stands for a field in a command. */
export function marker(name: string): string {
  return `${begin}${name}\u{e001}`
}

/** Whether a field stands in a text. */
function hasMarker(text: string): boolean {
  return text.includes(begin)
}

/** The text of a word, with the variables in it; `undefined` when something else is in it too. */
export function wordValue(word: ShellToken): Model<string> | undefined {
  if (word.kind !== 'word') return undefined
  const parts = word.segments.map((segment) =>
    segment.kind === 'text' ? segment.text : segment.kind === 'value' ? segment.value : undefined,
  )
  const known = parts.filter((part) => part !== undefined)
  return known.length === parts.length ? joinedTexts(known) : undefined
}

/** `NAME=value`; `undefined` when a word is none, or has a field in it. */
export function assignmentOf(word: ShellToken): readonly [name: string, value: Model<string>] | undefined {
  if (word.kind !== 'word') return undefined
  const [first, ...rest] = word.segments
  const [, name, value = ''] = (first?.kind === 'text' && /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text)) || []
  if (name === undefined || word.segments.some((segment) => segment.kind === 'text' && hasMarker(segment.text))) return undefined
  if (rest.length === 0) return [name, value]
  const whole = wordValue({ ...word, segments: value === '' ? rest : [{ kind: 'text', text: value }, ...rest] })
  return whole === undefined ? undefined : [name, whole]
}
