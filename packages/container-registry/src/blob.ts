import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'

import type { TransferProgress } from '@imago/core'
import { abortError, ImagoError, toImagoError } from '@imago/core'

import type { Descriptor } from './oci.ts'
import type { RegistryClient } from './registry-client.ts'

/** How to read a blob. */
export interface BlobOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TransferProgress) => void
}

/** A blob as a stream. Destroying it ends the download at once. */
export function blobStream(
  client: RegistryClient,
  descriptor: Descriptor,
  options: BlobOptions & { readonly signal: AbortSignal },
): Readable {
  const left = new AbortController()
  const chunks = readBlob(client, descriptor, { ...options, signal: AbortSignal.any([options.signal, left.signal]) })
  const stream = new Readable({
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(toImagoError(error)),
      )
    },
  })
  return stream.once('close', () => {
    left.abort()
    chunks.return().catch(() => undefined) // nobody listens any more
  })
}

/** Reads a blob piece by piece; when the connection breaks, the next one goes on where it broke. Size and digest are checked at the end. */
async function* readBlob(
  client: RegistryClient,
  descriptor: Descriptor,
  options: BlobOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = descriptor
  const hash = createHash(digest.slice(0, digest.indexOf(':')))
  let received = 0
  let failures = 0
  while (received < size) {
    const connection = await connect(client, digest, received, options.signal)
    try {
      for (;;) {
        const part = await connection.read()
        if ('error' in part) {
          if (options.signal.aborted) throw abortError(options.signal)
          if (failures >= client.retries) throw client.networkError(part.error)
          break
        }
        if (part.chunk === undefined) break
        failures = 0
        received += part.chunk.length
        if (received > size) throw mismatch(descriptor, `it has more than the ${size} bytes that the manifest says`)
        hash.update(part.chunk)
        options.onProgress?.({ bytes: received, total: size })
        yield part.chunk
      }
    } finally {
      await connection.close()
    }
    if (received < size) {
      if (failures >= client.retries) throw mismatch(descriptor, `it has only ${received} of the ${size} bytes that the manifest says`)
      await client.pause(failures++, options.signal)
    }
  }
  const actual = `${digest.slice(0, digest.indexOf(':'))}:${hash.digest('hex')}`
  if (actual !== digest) throw mismatch(descriptor, `its digest is ${actual}`)
}

interface Connection {
  /** The next piece, `undefined` at the end, or what went wrong. */
  read(): Promise<{ readonly chunk: Uint8Array | undefined } | { readonly error: unknown }>
  close(): Promise<void>
}

/** Asks for a blob from byte `start` on. What a registry sends from the beginning all the same is skipped. */
async function connect(client: RegistryClient, digest: string, start: number, signal: AbortSignal): Promise<Connection> {
  const range = start > 0 && { headers: { range: `bytes=${start}-` } }
  const response = await client.get({ path: `blobs/${digest}`, signal, ...range }, (answer) => Promise.resolve(answer))
  const reader = response.body?.getReader()
  let skip = response.status === 206 ? 0 : start
  return {
    async read() {
      try {
        for (;;) {
          const result = await reader?.read()
          const chunk: Uint8Array | undefined = result?.value
          if (chunk === undefined || chunk.length > skip) {
            const rest = chunk?.subarray(skip)
            skip = 0
            return { chunk: rest }
          }
          skip -= chunk.length
        }
      } catch (error) {
        return { error }
      }
    },
    async close() {
      await reader?.cancel().catch(() => undefined) // a broken connection cannot be cancelled any more
    },
  }
}

function mismatch(descriptor: Descriptor, why: string): ImagoError {
  return new ImagoError('CHECKSUM_MISMATCH', `blob '${descriptor.digest}' did not arrive as it should: ${why}`, {
    hint: 'a proxy on the way may have changed it; try again, or use another registry',
  })
}
