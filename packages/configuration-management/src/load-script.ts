import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { abortError, fileSystemError, ImagoError, messageOf } from '@imago/core'
import { withUnixLines } from '@imago/script'

import type { ScriptInstallation } from './installation.ts'
import { isUrl } from './installation.ts'

/** No script that installs something is larger, in bytes. */
const maxSize = 16 * 1024 * 1024

/**
 * Reads or fetches a script, and checks its digest.
 * @throws ImagoError `INPUT_MISSING`, `NETWORK`, `CHECKSUM_MISMATCH`; `CANCELLED` or `TIMEOUT` as the signal says
 */
export async function loadScript(
  { script, checksum }: ScriptInstallation,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): Promise<Buffer> {
  const content = isUrl(script) ? await fetchScript(script, signal) : await readScript(resolve(directory, script))
  const wanted = checksum?.replace(/^sha256:/, '').toLowerCase()
  const actual = createHash('sha256').update(content).digest('hex')
  if (wanted !== undefined && wanted !== 'none' && wanted !== actual) {
    throw new ImagoError('CHECKSUM_MISMATCH', `the script '${script}' has the SHA-256 ${actual}, not ${wanted}`, {
      hint: 'read what it does now before you change the checksum',
    })
  }
  return withUnixLines(content)
}

async function readScript(path: string): Promise<Buffer> {
  return await readFile(path).catch((error: unknown) => {
    throw fileSystemError(error, `read the script ${path}`)
  })
}

async function fetchScript(url: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok) throw new ImagoError('NETWORK', `the script '${url}' cannot be fetched: ${response.status} ${response.statusText}`)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size > maxSize) throw new ImagoError('NETWORK', `the script '${url}' is larger than ${maxSize} bytes`)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    if (error instanceof ImagoError) throw error
    const reason = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
    throw new ImagoError('NETWORK', `the script '${url}' cannot be fetched: ${reason}`, {
      cause: error,
      hint: 'check the URL, and that this machine reaches it',
    })
  }
}
