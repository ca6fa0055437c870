import { createCipheriv } from 'node:crypto'

/** Bytes that look random, the same in every run. */
export function noise(size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))
}
