import type { Key } from './key.ts'

/** Which key types a character on a US keyboard, and whether with shift. */
export interface TypedKey {
  readonly key: Key
  readonly shift: boolean
}

const plain: Readonly<Record<string, Key>> = {
  '-': 'minus',
  '=': 'equal',
  '[': 'bracket_left',
  ']': 'bracket_right',
  ';': 'semicolon',
  "'": 'apostrophe',
  '`': 'grave_accent',
  '\\': 'backslash',
  ',': 'comma',
  '.': 'dot',
  '/': 'slash',
  ' ': 'spc',
  '\n': 'ret',
  '\t': 'tab',
}
const shifted: Readonly<Record<string, Key>> = {
  '!': '1',
  '@': '2',
  '#': '3',
  $: '4',
  '%': '5',
  '^': '6',
  '&': '7',
  '*': '8',
  '(': '9',
  ')': '0',
  _: 'minus',
  '+': 'equal',
  '{': 'bracket_left',
  '}': 'bracket_right',
  ':': 'semicolon',
  '"': 'apostrophe',
  '~': 'grave_accent',
  '|': 'backslash',
  '<': 'comma',
  '>': 'dot',
  '?': 'slash',
}

/** The key for a character; `undefined` when the keyboard has none. */
export function typedKey(character: string): TypedKey | undefined {
  if (/^[a-z0-9]$/.test(character)) return { key: character as Key, shift: false } // a letter's or digit's key has its name
  if (/^[A-Z]$/.test(character)) return { key: character.toLowerCase() as Key, shift: true } // likewise
  const key = Object.hasOwn(plain, character) ? plain[character] : undefined
  if (key !== undefined) return { key, shift: false }
  const withShift = Object.hasOwn(shifted, character) ? shifted[character] : undefined
  return withShift === undefined ? undefined : { key: withShift, shift: true }
}
