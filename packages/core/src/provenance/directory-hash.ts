import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import pLimit from 'p-limit'

import { fileSha256 } from '../file-digest.ts'

/** How many files are read at a time. */
const readers = 8

/**
 * The digest of a directory's files that in-toto calls `dirHash`: what `find . -type f | cut -c3- | LC_ALL=C sort | xargs sha256sum | sha256sum`
 * prints (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md). Links and permissions do not count.
 */
export async function directoryHash(path: string, signal: AbortSignal): Promise<string> {
  const room = pLimit(readers)
  const names = (await filesIn(path, '')).toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  const lines = await Promise.all(names.map((name) => room(async () => line(name, await fileSha256(join(path, name), signal)))))
  return createHash('sha256').update(lines.join('')).digest('hex')
}

async function filesIn(folder: string, prefix: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true })
  const found = entries.map(async (entry): Promise<readonly string[]> => {
    const name = `${prefix}${entry.name}`
    if (entry.isDirectory()) return await filesIn(folder, `${name}/`)
    return entry.isFile() ? [name] : []
  })
  return (await Promise.all(found)).flat()
}

/** As sha256sum writes it. */
function line(name: string, digest: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === name ? '' : '\\'}${digest}  ${escaped}\n`
}
