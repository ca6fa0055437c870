/** What an ELF file says of how it is started (elf(5)). */
export interface ElfFacts {
  /** The dynamic loader that the file asks for; a static program has none. */
  readonly loader?: string
  /** Whether it names libraries that must be there. */
  readonly isDynamic: boolean
}

const programHeaderTypes = { dynamic: 2, interp: 3 } as const

/** How wide the fields of a class of ELF files are, and where they stand. */
interface Layout {
  readonly readAddress: (at: number) => number
  readonly readHalf: (at: number) => number
  readonly readWord: (at: number) => number
  readonly programHeaders: number
  readonly programHeaderSize: number
  readonly programHeaderCount: number
  readonly offsetInHeader: number
  readonly sizeInHeader: number
}

/** Whether these are the first bytes of an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

/**
 * Reads an ELF file's program headers. `bytes` must hold them and the loader's name: the first few kilobytes do.
 * @returns `undefined` for what is no ELF file, or a broken one
 */
export function readElf(bytes: Uint8Array): ElfFacts | undefined {
  if (!isElf(bytes)) return undefined
  try {
    const layout = layoutOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return factsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), layout)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function layoutOf(bytes: Buffer): Layout {
  const is64 = bytes[4] === 2
  const isLittle = bytes[5] === 1
  const readHalf = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const readWord = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const readLong = (at: number): number => Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  return {
    readAddress: is64 ? readLong : readWord,
    readHalf,
    readWord,
    programHeaders: is64 ? readLong(0x20) : readWord(0x1c),
    programHeaderSize: readHalf(is64 ? 0x36 : 0x2a),
    programHeaderCount: readHalf(is64 ? 0x38 : 0x2c),
    offsetInHeader: is64 ? 0x08 : 0x04,
    sizeInHeader: is64 ? 0x20 : 0x10,
  }
}

function factsOf(bytes: Buffer, layout: Layout): ElfFacts {
  let loader: string | undefined
  let isDynamic = false
  for (let index = 0; index < layout.programHeaderCount; index++) {
    const header = layout.programHeaders + index * layout.programHeaderSize
    const type = layout.readWord(header)
    if (type === programHeaderTypes.dynamic) isDynamic = true
    if (type !== programHeaderTypes.interp) continue
    const offset = layout.readAddress(header + layout.offsetInHeader)
    const size = layout.readAddress(header + layout.sizeInHeader)
    if (offset + size > bytes.length) throw new RangeError('the name of the loader is cut off')
    loader = bytes.toString('utf8', offset, offset + size).replace(/\0.*$/s, '')
  }
  return { isDynamic, ...(loader !== undefined && { loader }) }
}
