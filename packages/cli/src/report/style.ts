/** A colour or a weight that text can have on a terminal. */
export type StyleName = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'

/** Dresses text for a terminal, or leaves it plain. */
export type Style = (name: StyleName, text: string) => string

/** SGR parameters of ECMA-48: on and off. */
const sgr: Readonly<Record<StyleName, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
}

/** A {@link Style} with colours. */
export const colored: Style = (name, text) => `\u001B[${sgr[name][0]}m${text}\u001B[${sgr[name][1]}m`

/** A {@link Style} without. */
export const plain: Style = (_name, text) => text
