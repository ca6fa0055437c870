import type { Key } from './key.ts'

/** The keys that boot commands name, as they are written best. */
const namedKeys: Readonly<Record<string, Key>> = {
  bs: 'backspace',
  del: 'delete',
  enter: 'ret',
  return: 'ret',
  esc: 'esc',
  tab: 'tab',
  spacebar: 'spc',
  insert: 'insert',
  home: 'home',
  end: 'end',
  pageUp: 'pgup',
  pageDown: 'pgdn',
  up: 'up',
  down: 'down',
  left: 'left',
  right: 'right',
  menu: 'compose',
  leftAlt: 'alt',
  rightAlt: 'alt_r',
  leftCtrl: 'ctrl',
  rightCtrl: 'ctrl_r',
  leftShift: 'shift',
  rightShift: 'shift_r',
  leftSuper: 'meta_l',
  rightSuper: 'meta_r',
  f1: 'f1',
  f2: 'f2',
  f3: 'f3',
  f4: 'f4',
  f5: 'f5',
  f6: 'f6',
  f7: 'f7',
  f8: 'f8',
  f9: 'f9',
  f10: 'f10',
  f11: 'f11',
  f12: 'f12',
}
const byLowerCase: ReadonlyMap<string, Key> = new Map(Object.entries(namedKeys).map(([name, key]) => [name.toLowerCase(), key]))

/** The names of keys, for suggestions. */
export const keyNames: readonly string[] = Object.keys(namedKeys)

/** The key of a name, whatever its capitals; `undefined` when there is none. */
export function namedKey(name: string): Key | undefined {
  return byLowerCase.get(name.toLowerCase())
}
