const sampleSize = 2048
/** In bits a byte. In samples of this size noise comes to 7.87 and more, a program or a text to 7 or less. */
const noisyFrom = 7.85
const repeatsSize = 8192
/** Noise repeats four bytes by chance once in a hundred samples. */
const repeatsAllowed = 8
const tableBits = 13

/** Whether the bytes look like noise: they are spread evenly, and no four of them come again. Deflate would find nothing. */
export function isNoise(data: Uint8Array): boolean {
  if (data.length < 2 * repeatsSize) return false
  return samples(data).every((sample) => entropy(sample) >= noisyFrom) && repeats(sampleAt(data, 0.3, repeatsSize)) < repeatsAllowed
}

function samples(data: Uint8Array): Uint8Array[] {
  return [0.1, 0.5, 0.9].map((place) => sampleAt(data, place, sampleSize))
}

function sampleAt(data: Uint8Array, place: number, size: number): Uint8Array {
  const start = Math.floor(place * Math.max(0, data.length - size))
  return data.subarray(start, start + size)
}

// The loops below count by index: with iterators they take three times as long.

/** Shannon's entropy of the bytes, each by itself, in bits a byte: 0 to 8. */
function entropy(data: Uint8Array): number {
  const counts = new Uint32Array(256)
  for (let at = 0; at < data.length; at++) {
    const byte = data[at] ?? 0
    counts[byte] = (counts[byte] ?? 0) + 1
  }
  let bits = 0
  for (let byte = 0; byte < counts.length; byte++) {
    const count = counts[byte] ?? 0
    if (count > 0) bits -= count * Math.log2(count / data.length)
  }
  return bits / data.length
}

/** How many times four bytes come that came before, as far as a small hash table remembers. */
function repeats(data: Uint8Array): number {
  const seen = new Int32Array(1 << tableBits)
  let count = 0
  let word = 0
  for (let at = 0; at < data.length; at++) {
    word = (word << 8) | (data[at] ?? 0)
    const slot = Math.imul(word, 0x9e_37_79_b1) >>> (32 - tableBits)
    if (seen[slot] === word) count++
    seen[slot] = word
  }
  return count
}
