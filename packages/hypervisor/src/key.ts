/** A key of a PC keyboard, by QEMU's name for it (`QKeyCode` in its QAPI schema `ui.json`). Letters stand where a US keyboard has them. */
export type Key =
  | 'esc'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | '0'
  | 'minus'
  | 'equal'
  | 'backspace'
  | 'tab'
  | 'q'
  | 'w'
  | 'e'
  | 'r'
  | 't'
  | 'y'
  | 'u'
  | 'i'
  | 'o'
  | 'p'
  | 'bracket_left'
  | 'bracket_right'
  | 'ret'
  | 'ctrl'
  | 'a'
  | 's'
  | 'd'
  | 'f'
  | 'g'
  | 'h'
  | 'j'
  | 'k'
  | 'l'
  | 'semicolon'
  | 'apostrophe'
  | 'grave_accent'
  | 'shift'
  | 'backslash'
  | 'z'
  | 'x'
  | 'c'
  | 'v'
  | 'b'
  | 'n'
  | 'm'
  | 'comma'
  | 'dot'
  | 'slash'
  | 'shift_r'
  | 'alt'
  | 'spc'
  | 'f1'
  | 'f2'
  | 'f3'
  | 'f4'
  | 'f5'
  | 'f6'
  | 'f7'
  | 'f8'
  | 'f9'
  | 'f10'
  | 'f11'
  | 'f12'
  | 'ctrl_r'
  | 'alt_r'
  | 'home'
  | 'up'
  | 'pgup'
  | 'left'
  | 'right'
  | 'end'
  | 'down'
  | 'pgdn'
  | 'insert'
  | 'delete'
  | 'meta_l'
  | 'meta_r'
  | 'compose'

/** A key goes down or up. */
export interface KeyEvent {
  readonly key: Key
  readonly down: boolean
}

/** The codes that a PC keyboard sends when a key goes down: scan code set 1 of the IBM AT, perhaps with 0xe0 before it. */
const makeCodes: Readonly<Record<Key, number>> = {
  esc: 0x01,
  '1': 0x02,
  '2': 0x03,
  '3': 0x04,
  '4': 0x05,
  '5': 0x06,
  '6': 0x07,
  '7': 0x08,
  '8': 0x09,
  '9': 0x0a,
  '0': 0x0b,
  minus: 0x0c,
  equal: 0x0d,
  backspace: 0x0e,
  tab: 0x0f,
  q: 0x10,
  w: 0x11,
  e: 0x12,
  r: 0x13,
  t: 0x14,
  y: 0x15,
  u: 0x16,
  i: 0x17,
  o: 0x18,
  p: 0x19,
  bracket_left: 0x1a,
  bracket_right: 0x1b,
  ret: 0x1c,
  ctrl: 0x1d,
  a: 0x1e,
  s: 0x1f,
  d: 0x20,
  f: 0x21,
  g: 0x22,
  h: 0x23,
  j: 0x24,
  k: 0x25,
  l: 0x26,
  semicolon: 0x27,
  apostrophe: 0x28,
  grave_accent: 0x29,
  shift: 0x2a,
  backslash: 0x2b,
  z: 0x2c,
  x: 0x2d,
  c: 0x2e,
  v: 0x2f,
  b: 0x30,
  n: 0x31,
  m: 0x32,
  comma: 0x33,
  dot: 0x34,
  slash: 0x35,
  shift_r: 0x36,
  alt: 0x38,
  spc: 0x39,
  f1: 0x3b,
  f2: 0x3c,
  f3: 0x3d,
  f4: 0x3e,
  f5: 0x3f,
  f6: 0x40,
  f7: 0x41,
  f8: 0x42,
  f9: 0x43,
  f10: 0x44,
  f11: 0x57,
  f12: 0x58,
  ctrl_r: 0xe01d,
  alt_r: 0xe038,
  home: 0xe047,
  up: 0xe048,
  pgup: 0xe049,
  left: 0xe04b,
  right: 0xe04d,
  end: 0xe04f,
  down: 0xe050,
  pgdn: 0xe051,
  insert: 0xe052,
  delete: 0xe053,
  meta_l: 0xe05b,
  meta_r: 0xe05c,
  compose: 0xe05d,
}

/** The bytes of scan code set 1 that a PC keyboard sends for a key event, for hypervisors that take those. */
export function scancodes({ key, down }: KeyEvent): number[] {
  const make = makeCodes[key]
  const code = (make & 0xff) | (down ? 0 : 0x80)
  return make > 0xff ? [make >> 8, code] : [code]
}
