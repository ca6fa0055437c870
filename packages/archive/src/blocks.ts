/**
 * Cuts a stream of bytes into blocks of up to `size` bytes, worth compressing each by itself. Large chunks are handed on as they are,
 * without copying; what comes in small ones is gathered. No block is empty.
 */
export async function* inBlocks(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void, void> {
  let gathered: Uint8Array[] = []
  let length = 0
  for await (const chunk of source) {
    const isLarge = chunk.length >= size / 4
    if (length > 0 && (isLarge || length + chunk.length > size)) {
      yield Buffer.concat(gathered, length)
      gathered = []
      length = 0
    }
    if (isLarge) {
      for (let from = 0; from < chunk.length; from += size) yield chunk.subarray(from, from + size)
    } else {
      gathered.push(chunk)
      length += chunk.length
    }
  }
  if (length > 0) yield Buffer.concat(gathered, length)
}
