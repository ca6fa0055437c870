import { readFile } from 'node:fs/promises'

import { fileSystemError, ImagoError, nameHint } from '@imago/core'

import type { KnownDigest } from './digest.ts'
import { hexLengths, parseDigest } from './digest.ts'
import { fetchText } from './fetch-text.ts'
import type { FetchOptions } from './fetch-source.ts'
import type { Checksum, DigestAlgorithm } from './media-source.ts'
import { fileName, isRemote, localPath, shownUrl } from './source-url.ts'

/** Strongest first. */
const algorithms: readonly DigestAlgorithm[] = ['sha512', 'sha256', 'sha1', 'md5']

/** A line of a file of digests. */
export interface ChecksumLine extends KnownDigest {
  /** The path of the file; absent when the line has none. */
  readonly name?: string
}

/**
 * The digest that a source must have; `undefined` when it is not to be checked.
 * @throws ImagoError `INPUT_MISSING` when the file of digests does not name the source, or does not exist; `NETWORK`
 */
export async function resolveChecksum(
  checksum: Checksum,
  urls: readonly string[],
  options: FetchOptions,
): Promise<KnownDigest | undefined> {
  if (checksum === 'none') return undefined
  if (typeof checksum === 'string') return parseDigest(checksum)
  const { url } = checksum
  const text = isRemote(url) ? await fetchText(url, options) : await readLocal(localPath(url, options.directory))
  return findDigest(parseChecksums(text), { urls, where: shownUrl(url) })
}

async function readLocal(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, 'cannot read the checksums')
  })
}

/** The digests of a file as `sha256sum` writes it, with `--tag` or without, or with a digest alone. Other lines are passed over. */
export function parseChecksums(text: string): ChecksumLine[] {
  return text.split('\n').flatMap((line) => parseLine(line.trimEnd()) ?? [])
}

function parseLine(line: string): ChecksumLine | undefined {
  const [, escaped = '', rest = ''] = /^(\\?)(.*)$/s.exec(line) ?? []
  const tagged = /^(MD5|SHA1|SHA256|SHA512) ?\((.+)\) ?= ?([0-9a-fA-F]+)$/.exec(rest)
  const plain = /^([0-9a-fA-F]{32,128})(?:[ \t]+\*?(\S.*))?$/.exec(rest)
  const [algorithm, hex, name] =
    tagged === null ? [algorithmOf(plain?.[1]), plain?.[1], plain?.[2]] : [tagged[1]?.toLowerCase(), tagged[3], tagged[2]]
  const digest = parseDigest(`${algorithm ?? ''}:${hex ?? ''}`)
  if (digest === undefined || name === undefined) return digest
  return { ...digest, name: escaped === '' ? name : name.replaceAll(/\\([\\nr])/g, unescape) }
}

function unescape(_: string, character: string): string {
  return character === 'n' ? '\n' : character === 'r' ? '\r' : '\\'
}

function algorithmOf(hex: string | undefined): DigestAlgorithm | undefined {
  return algorithms.find((algorithm) => hexLengths[algorithm] === hex?.length)
}

interface Wanted {
  readonly urls: readonly string[]
  /** The file of digests, for messages. */
  readonly where: string
}

/** The digest of the source: by its name; when several have it, by as much of its path as the file has; or the only one that has no name. */
function findDigest(lines: readonly ChecksumLine[], { urls, where }: Wanted): KnownDigest {
  const names = [...new Set(urls.map(fileName))]
  const named = lines.filter(({ name }) => name !== undefined && names.includes(fileName(name)))
  const byPath = named.filter(({ name = '' }) => urls.some((url) => decodedPath(url).endsWith(`/${name.replace(/^\.?\//, '')}`)))
  const candidates = byPath.length > 0 ? byPath : named.length > 0 ? named : lines.filter(({ name }) => name === undefined)
  const digest = algorithms.map((algorithm) => candidates.filter((line) => line.algorithm === algorithm)).find((some) => some.length > 0)
  const [first] = digest ?? []
  if (first === undefined) {
    const known = lines.flatMap(({ name }) => name ?? [])
    throw new ImagoError('INPUT_MISSING', `the checksums at '${where}' have none for '${names.join("' or '")}'`, {
      hint: known.length === 0 ? 'it is no file of checksums' : nameHint(names[0] ?? '', known.slice(0, 20)),
    })
  }
  if (digest?.some(({ hex }) => hex !== first.hex) === true) {
    throw new ImagoError('INPUT_MISSING', `the checksums at '${where}' have several for '${names.join("' or '")}'`, {
      hint: 'give the right one as checksum',
    })
  }
  return first
}

function decodedPath(url: string): string {
  const path = isRemote(url) ? new URL(url).pathname : url
  try {
    return `/${decodeURIComponent(path)}`
  } catch {
    return `/${path}` // it is not well encoded
  }
}
