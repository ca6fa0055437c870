import { ImagoError } from '@imago/core'

/** How a name of FAT is written: the entries before the one of the file, with the long name, and the short name that every file has. */
export interface FatName {
  /** Eleven characters of ASCII, with blanks at the ends of name and extension. */
  readonly short: string
  /** Entries of 32 bytes each; none when the short name says it all. */
  readonly longEntries: readonly Uint8Array[]
}

/** Characters of the long name in each entry, and where they stand in it: first byte and count. */
const charactersPerEntry = 13
const characterPlaces: readonly (readonly [offset: number, count: number])[] = [
  [1, 5],
  [14, 6],
  [28, 2],
]

/**
 * Names a file in a directory, beside the short names that are taken there.
 * @throws ImagoError `UNSUPPORTED` for a name that FAT cannot have
 */
export function fatName(name: string, taken: ReadonlySet<string>): FatName {
  // oxlint-disable-next-line no-control-regex -- FAT has none of them
  if (/["*/:<>?\\|\u0000-\u001F\u007F]|[. ]$/.test(name) || name.length > 255) {
    throw new ImagoError('UNSUPPORTED', `'${name}' cannot be the name of a file on a floppy disk`, { hint: 'give the file another name' })
  }
  const plain = shortForm(name)
  if (plain !== undefined && !taken.has(plain)) return { short: plain, longEntries: [] }
  const short = shortAlias(name, taken)
  return { short, longEntries: longEntries(name, checksumOf(short)) }
}

/** The short name of a name that is one already. */
function shortForm(name: string): string | undefined {
  const match = /^([A-Z0-9_!#$%&'()@^`{}~-]{1,8})(?:\.([A-Z0-9_!#$%&'()@^`{}~-]{1,3}))?$/.exec(name)
  return match === null ? undefined : pad(match[1] ?? '', match[2] ?? '')
}

/** A short name like `LONGNA~1.CFG` that is not taken. */
function shortAlias(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot + 1)] : [name, '']
  const base = plainCharacters(stem)
  for (let number = 1; ; number++) {
    const tail = `~${number}`
    const short = pad(`${base.slice(0, 8 - tail.length)}${tail}`, plainCharacters(extension).slice(0, 3))
    if (!taken.has(short)) return short
  }
}

function plainCharacters(text: string): string {
  return text
    .toUpperCase()
    .replaceAll(/[. ]/g, '')
    .replaceAll(/[^A-Z0-9_-]/g, '_')
}

function pad(stem: string, extension: string): string {
  return stem.padEnd(8) + extension.padEnd(3)
}

function checksumOf(short: string): number {
  return [...Buffer.from(short, 'latin1')].reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0)
}

/** The last part of the name first, as FAT wants it. */
function longEntries(name: string, checksum: number): Uint8Array[] {
  const count = Math.ceil(name.length / charactersPerEntry)
  return Array.from({ length: count }, (_, index) => {
    const order = count - index
    const part = name.slice((order - 1) * charactersPerEntry, order * charactersPerEntry)
    const entry = Buffer.alloc(32)
    entry[0] = order | (index === 0 ? 0x40 : 0)
    entry[11] = 0x0f
    entry[13] = checksum
    writeCharacters(entry, part)
    return entry
  })
}

/** A name that does not fill the entry ends with a zero, and with ones after that. */
function writeCharacters(entry: Buffer, part: string): void {
  const places = characterPlaces.flatMap(([offset, count]) => Array.from({ length: count }, (_, index) => offset + index * 2))
  for (const [index, place] of places.entries()) {
    entry.writeUInt16LE(index < part.length ? part.charCodeAt(index) : index === part.length ? 0 : 0xffff, place)
  }
}
