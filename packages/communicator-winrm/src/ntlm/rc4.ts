/** RC4 as it goes on from one text to the next (MS-NLMP, 3.4.2), which OpenSSL has put away. */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, index) => index)
  #i = 0
  #j = 0

  constructor(key: Uint8Array) {
    const state = this.#state
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255
      this.#swap(i, j)
    }
  }

  /** Encrypts, or decrypts. */
  apply(text: Uint8Array): Buffer {
    const result = Buffer.allocUnsafe(text.length)
    const state = this.#state
    let i = this.#i
    let j = this.#j
    for (let at = 0; at < text.length; at++) {
      i = (i + 1) & 255
      const x = state[i] ?? 0
      j = (j + x) & 255
      const y = state[j] ?? 0
      state[i] = y
      state[j] = x
      result[at] = (text[at] ?? 0) ^ (state[(x + y) & 255] ?? 0)
    }
    this.#i = i
    this.#j = j
    return result
  }

  #swap(i: number, j: number): void {
    const kept = this.#state[i] ?? 0
    this.#state[i] = this.#state[j] ?? 0
    this.#state[j] = kept
  }
}
