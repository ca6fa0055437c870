import * as v from 'valibot'

/** Bytes, or a number with a unit: `'512m'`, `'20g'`. A k is 1024 bytes, an m 1024 k, and so on. */
export type ByteSize = number | `${number}${'k' | 'm' | 'g' | 't'}`

const units = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const

/** The number of bytes; `undefined` when it is no size. */
export function parseByteSize(size: unknown): number | undefined {
  if (typeof size === 'number') return Number.isSafeInteger(size) && size > 0 ? size : undefined
  const match = typeof size === 'string' ? /^(\d+(?:\.\d+)?)([kmgt])$/.exec(size) : null
  if (match === null) return undefined
  const bytes = Math.round(Number(match[1]) * units[match[2] as keyof typeof units]) // one of them, says the pattern
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** The number of bytes of a size that validation has admitted. */
export function byteSize(size: ByteSize): number {
  const bytes = parseByteSize(size)
  if (bytes === undefined) throw new TypeError(`'${size}' is no size`)
  return bytes
}

/** The schema of {@link ByteSize}. */
export const byteSizeSchema: v.GenericSchema<unknown, ByteSize> = v.custom<ByteSize>(
  (value) => parseByteSize(value) !== undefined,
  "must be a size, such as '20g', '512m' or a number of bytes",
)
