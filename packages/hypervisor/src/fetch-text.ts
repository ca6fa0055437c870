import { ServerFailure, requestFile } from './http-file.ts'
import type { ServerPatience } from './http-file.ts'
import type { Persistence } from './persist.ts'
import { persist } from './persist.ts'

/** No file of checksums is larger. */
const maxBytes = 8 * 1024 * 1024

/**
 * The text that a server has.
 * @throws ImagoError `NETWORK`, or as the signal says
 */
export async function fetchText(url: string, options: ServerPatience & Persistence): Promise<string> {
  return await persist(url, options, async () => {
    const file = await requestFile(url, {}, options)
    try {
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of file.chunks) {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxBytes) throw new ServerFailure('the server sent more than a file of checksums can have', { isPassing: false })
      }
      return Buffer.concat(chunks).toString()
    } finally {
      file.close()
    }
  })
}
