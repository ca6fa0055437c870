import { Readable } from 'node:stream'

import { shellQuote } from '@imago/core'

import type { SshConnection } from './connection.ts'
import { runOnOwnChannel } from './own-channel.ts'
import { fromHere } from './remote-stat.ts'

/** What the machine knows of one of its files. */
export interface RemoteFile {
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In hex. */
  readonly sha256: string
}

/** What stands below a folder of the machine. Links are neither. */
export interface RemoteReport {
  readonly files: ReadonlyMap<string, RemoteFile>
  readonly directories: ReadonlySet<string>
}

/** What to look at. */
export interface DigestRequest {
  /** A directory of the machine; it need not exist. */
  readonly folder: string
  /** Paths below it, without line ends and backslashes. */
  readonly names: readonly string[]
  readonly signal?: AbortSignal
}

/**
 * Names of files and directories are read, each with a NUL behind it. A directory is answered by a line, a file by two: how `ls` lists
 * it, and its digest. Links and what else might not end are left out.
 */
const report = `if command -v sha256sum; then h=sha256sum
elif command -v shasum; then h='shasum -a 256'
elif command -v sha256; then h='sha256 -r'
elif command -v openssl; then h='openssl dgst -sha256 -r'
else exit 3
fi >/dev/null
export h
exec xargs -0 -n 500 sh -c '
for f do
  if [ -h "$f" ]; then :
  elif [ -f "$f" ]; then set -- "$@" "$f"
  elif [ -d "$f" ]; then printf "d %s\\n" "$f"
  fi
  shift
done
[ $# = 0 ] || { LC_ALL=C ls -ldn "$@"; $h "$@"; } 2>/dev/null
:' sh`

/**
 * Asks the machine for the kind, the mode, the owner and the SHA-256 of files, all with one command. `undefined` when it has no program
 * that computes digests, or `xargs` does not take names with NULs between them.
 */
export async function remoteDigests(connection: SshConnection, request: DigestRequest): Promise<RemoteReport | undefined> {
  const { folder, names, signal } = request
  const printed: Uint8Array[] = []
  const { exitCode } = await runOnOwnChannel(connection, `CDPATH= cd ${shellQuote(fromHere(folder))} 2>/dev/null || exit 0\n${report}`, {
    stdin: Readable.from(names.length === 0 ? [] : [Buffer.from(names.map((name) => `./${name}\0`).join(''))]),
    ...(signal !== undefined && { signal }),
    onOutput: (stream, chunk) => stream === 'stdout' && printed.push(Uint8Array.from(chunk)),
  })
  return exitCode === 0 ? parseReport(Buffer.concat(printed).toString('utf8')) : undefined
}

/** A long listing (POSIX, ls -l) with numeric owners: type and permissions, links, owners, size, three fields of time, and the name. */
const listed = /^-([rwxsStT-]{9})[.+@]? +\d+ +(\d+) +(\d+) +(\d+) +\S+ +\S+ +\S+ \.\/(.*)$/
/** The digest, and the name behind one or two characters. */
const digested = /^([0-9a-f]{64}) [ *]?\.\/(.*)$/

/** Reads what {@link remoteDigests} got as an answer. A file counts when both of its lines are there. */
export function parseReport(text: string): RemoteReport {
  const directories = new Set<string>()
  const stats = new Map<string, Omit<RemoteFile, 'sha256'>>()
  const files = new Map<string, RemoteFile>()
  for (const line of text.split('\n')) {
    if (line.startsWith('d ./')) directories.add(line.slice(4))
    const [, permissions, uid, gid, size, listedName] = listed.exec(line) ?? []
    if (permissions !== undefined && listedName !== undefined) {
      stats.set(listedName, { size: Number(size), mode: modeOf(permissions), uid: Number(uid), gid: Number(gid) })
    }
    const [, sha256, name] = digested.exec(line) ?? []
    const known = name === undefined ? undefined : stats.get(name)
    if (sha256 !== undefined && name !== undefined && known !== undefined) files.set(name, { ...known, sha256 })
  }
  return { files, directories }
}

/** `rwsr-x--T` as bits. */
function modeOf(permissions: string): number {
  let mode = 0
  for (const [index, character] of permissions.split('').entries()) {
    const isSpecial = /[sStT]/.test(character)
    if (isSpecial) mode |= 0o4000 >> Math.floor(index / 3)
    if (character !== '-' && character !== 'S' && character !== 'T') mode |= 0o400 >> index
  }
  return mode
}
