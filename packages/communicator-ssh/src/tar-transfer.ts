import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'

import type { TransferOptions } from '@imago/core'
import { abortError, ImagoError, isImagoError, shellQuote } from '@imago/core'
import { unpackTo } from '@imago/tar'

import type { SshConnection, SshProcess } from './connection.ts'
import type { Link, MachineFacts } from './link.ts'
import type { TwoPartScript } from './own-channel.ts'
import { abortOf, feed, startScript } from './own-channel.ts'
import { fromHere } from './remote-stat.ts'
import { discard } from './shell-transport.ts'
import { transferError } from './transfer-error.ts'
import type { Cargo } from './transfer.ts'

/** How long the machine may take to tidy up after a transfer that was given up, in milliseconds. */
const tidyMs = 2000

/** Sends a file, or the content of a directory, as one tar stream. A file comes under a temporary name and is renamed when it is whole. */
export async function uploadAsTar(link: Link, cargo: Cargo, destination: string, { signal }: TransferOptions): Promise<void> {
  const { connection } = link
  const name = `.imago-${randomBytes(6).toString('hex')}`
  const tar = (await link.facts())?.tar
  const unpack = `tar -xpf - ${largeRecords(tar)}`
  const script = cargo.kind === 'file' ? fileScript(destination, name, unpack) : directoryScript(destination, unpack)
  const load = cargo.load(name, { sparse: tar === 'gnu' || tar === 'bsd' })
  const { process, pid } = await startScript(connection, script).catch((error: unknown) => {
    load.drop()
    throw error
  })
  const stderr = textOf(process)
  discard(process.stdout)
  const abort = abortOf(signal)
  try {
    const sent = pid === undefined ? undefined : feed(process, load.pieces)
    const code = await Promise.race([process.exited, abort.promise, ...(sent === undefined ? [] : [sent.then(() => process.exited)])])
    if (code === 0) return
    await Promise.race([process.closed, connection.closed])
    throw connection.broken ?? transferError(`cannot upload to '${destination}'`, stderr(), code)
  } catch (error) {
    if (connection.broken === undefined) await giveUp(process)
    throw signal?.aborted === true ? abortError(signal) : error
  } finally {
    abort.stop()
    load.drop()
    process.close()
  }
}

/** Lets `tar` take 64 KB at once, which is what a pipe holds, where it would take 10. */
function largeRecords(tar: MachineFacts['tar']): string {
  return tar === 'gnu' || tar === 'bsd' ? '-b 128' : ''
}

function fileScript(destination: string, name: string, unpack: string): TwoPartScript {
  const [folder, file] = [posix.dirname(destination), shellQuote(`./${posix.basename(destination)}`)]
  return {
    prologue: `${enter(folder)}
[ ! -d ${file} ] || { echo 'it is a directory' >&2; exit 1; }`,
    body: `${unpack} && mv -f ${name} ${file} || { rm -f ${name}; exit 1; }`,
  }
}

function directoryScript(destination: string, unpack: string): TwoPartScript {
  return { prologue: enter(destination), body: `exec ${unpack}` }
}

function enter(folder: string): string {
  const path = shellQuote(fromHere(folder))
  return `mkdir -p ${path} && CDPATH= cd ${path} || exit 1`
}

/** Brings a file, or the content of a directory, as one tar stream. */
export async function downloadAsTar(
  link: Link,
  source: string,
  destination: string,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const { connection } = link
  const { process, pid, said } = await startScript(connection, downloadScript(source, (await link.facts())?.tar))
  const stderr = textOf(process)
  const [kind, size] = said.split(' ')
  const what = `cannot download '${source}'`
  try {
    if (pid === undefined) {
      discard(process.stdout)
      if (kind === 'missing') throw new ImagoError('INPUT_MISSING', `there is nothing at '${source}' in the machine`)
      if (kind === 'other') throw new ImagoError('TRANSFER_FAILED', `${what}: it is neither a file nor a directory`)
      const code = await process.exited
      throw connection.broken ?? transferError(what, stderr(), code)
    }
    const total = kind === 'file' ? Number(size) : undefined
    await unpackTo(process.stdout, destination, {
      ...(kind !== 'directory' && { stripName: posix.basename(source) }),
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && {
        onProgress: ({ bytes }) => onProgress({ bytes, ...(total !== undefined && { total }) }),
      }),
    })
    const code = await process.exited
    if (code !== 0 && !isHarmless(code, stderr())) throw connection.broken ?? transferError(what, stderr(), code)
  } catch (error) {
    throw await behind(error, what, process, connection, stderr)
  } finally {
    discard(process.stdout)
    process.close()
  }
}

/**
 * A file that takes less room than it has bytes comes without its holes, where GNU's `tar` can do that. Directories come as they are: it
 * would take another format for all that is in them, which keeps fewer names.
 */
function downloadScript(source: string, tar: MachineFacts['tar']): TwoPartScript {
  const path = shellQuote(fromHere(source))
  const folder = shellQuote(fromHere(posix.dirname(source)))
  const name = shellQuote(`./${posix.basename(source)}`)
  return {
    prologue: `f=${path} k= d= o=
if [ -d "$f" ]; then k=directory; CDPATH= cd "$f" || exit 1; printf directory
elif [ -f "$f" ]; then
  set -f
  set -- $(LC_ALL=C ls -dnL "$f")
  s=$5 ${tar === 'gnu' ? 'd=$(du -kL "$f" 2>/dev/null)' : ''}
  if [ "$d" ] && [ "$((\${d%%[!0-9]*} * 1024))" -lt "$s" ]; then o='-S --format=posix'; printf 'sparse'; else printf 'file %s' "$s"; fi
  CDPATH= cd ${folder} || exit 1
elif [ -e "$f" ]; then printf other; exit 1
else printf missing; exit 1
fi`,
    body: `if [ "$k" ]; then exec tar -cf - .; else exec tar $o -chf - ${name}; fi`,
  }
}

/** A broken archive has a reason on the other side: the connection, or what the machine's `tar` says. */
async function behind(
  error: unknown,
  what: string,
  process: SshProcess,
  connection: SshConnection,
  stderr: () => string,
): Promise<unknown> {
  if (!isImagoError(error, 'TRANSFER_FAILED')) return error
  const code = await exitWithin(process, tidyMs)
  if (connection.broken !== undefined) return connection.broken
  return code !== undefined && code !== 0 ? transferError(what, stderr(), code) : error
}

/** GNU tar ends with 1 when a file grew or a socket was left out; the archive is whole. */
function isHarmless(code: number | undefined, stderr: string): boolean {
  return code === 1 && stderr.split('\n').every((line) => line === '' || /changed as we read it|socket ignored/.test(line))
}

/** Ends the input; the script on the other side then removes what it has begun. */
async function giveUp(process: SshProcess): Promise<void> {
  discard(process.stdout, process.stderr)
  process.stdin.end()
  await exitWithin(process, tidyMs)
}

/** The exit code, when the process ends in time. */
async function exitWithin(process: SshProcess, ms: number): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  return await Promise.race([process.exited, late]).finally(() => clearTimeout(timer))
}

/** The end of what a process writes to its standard error. */
function textOf(process: SshProcess): () => string {
  let text = ''
  process.stderr.on('data', (chunk: Buffer) => (text = `${text}${chunk.toString('utf8')}`.slice(-4000)))
  return () => text
}
