import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'

import type { TransferOptions } from '@imago/core'
import { shellQuote } from '@imago/core'
import type { TarOwner } from '@imago/tar'

import type { Link } from './link.ts'
import { fromHere } from './remote-stat.ts'
import { transferError } from './transfer-error.ts'

/** Files up to so many bytes go over the shell that is open anyway: one round trip, where a channel of its own takes four. */
export const smallUpload: number = 16 * 1024

/** What is known of the file. */
export interface SmallFile {
  readonly content: Uint8Array
  readonly mode: number
  /** To be given to this owner. @default it belongs to whoever we are */
  readonly owner?: TarOwner
}

/** Says that the disk is full, when it is: some shells call that an "I/O error". The fourth field is what is free (POSIX, df -P). */
const noSpace = `df -P . 2>/dev/null | { read -r _; read -r _ _ _ n _; [ "$n" != 0 ] || echo 'no space left on the disk' >&2; }`

/** Writes a small file under a temporary name, and renames it when it is whole. The shell must have its own `printf`. */
export async function uploadSmall(
  link: Link,
  file: SmallFile,
  destination: string,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const folder = shellQuote(fromHere(posix.dirname(destination)))
  const name = shellQuote(`./${posix.basename(destination)}`)
  const { content, mode, owner } = file
  const answer = await link.ask(
    `mkdir -p ${folder} && CDPATH= cd ${folder} || exit 1
[ ! -d ${name} ] || { echo 'it is a directory' >&2; exit 1; }
umask 077
t=.imago-${randomBytes(6).toString('hex')}
printf ${printfFormat(content)} >"$t" && ${owner === undefined ? '' : `chown ${owner.uid}:${owner.gid} "$t" && `}chmod ${mode.toString(8)} "$t" &&
mv -f "$t" ${name} && exit
${noSpace}
rm -f "$t"
exit 1`,
    signal,
  )
  if (answer?.exitCode !== 0) throw transferError(`cannot upload to '${destination}'`, answer?.stderr ?? '', answer?.exitCode)
  onProgress?.({ bytes: content.length, total: content.length })
}

/** What means something to `printf` or to the quotes around its format. */
const special = "%\\'-"

/** Bytes as the format of `printf(1)`, quoted: what is not plain is in octal, so that no locale and no shell minds. */
function printfFormat(content: Uint8Array): string {
  let format = ''
  for (const byte of content) {
    const character = String.fromCharCode(byte)
    format += /[\n -~]/.test(character) && !special.includes(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
  }
  return `'${format}'`
}
