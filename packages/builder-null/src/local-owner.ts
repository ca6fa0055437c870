import { ImagoError, runLocal } from '@imago/core'
import type { TarOwner } from '@imago/tar'

/** The user who runs this process. */
export function ownUser(): TarOwner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}

/**
 * The numbers of an owner: `uid:gid`, or names that this machine knows. Without a group it is the user's.
 * @throws ImagoError `TRANSFER_FAILED` for a name that it does not know, or when we are not root.
 */
export async function localOwner(owner: string, signal: AbortSignal): Promise<TarOwner> {
  const [user = '', group = ''] = owner.split(':')
  const uid = await numberOf(user, ['id', '-u', user], signal)
  const gid = group === '' ? await numberOf('', ['id', '-g', user], signal) : await numberOf(group, ['getent', 'group', group], signal)
  const own = ownUser()
  if (own.uid !== 0 && (own.uid !== uid || own.gid !== gid)) {
    throw new ImagoError('TRANSFER_FAILED', `only root can give files to '${owner}'`)
  }
  return { uid, gid }
}

/** A number as it is; a name as the command says, which prints a number, or a line of /etc/group. */
async function numberOf(text: string, command: readonly string[], signal: AbortSignal): Promise<number> {
  if (/^\d+$/.test(text)) return Number(text)
  const printed: Uint8Array[] = []
  const { exitCode } = await runLocal({
    command,
    signal,
    onOutput: (stream, chunk) => stream === 'stdout' && printed.push(Uint8Array.from(chunk)),
  })
  const [first, , third] = Buffer.concat(printed).toString('utf8').trim().split(':')
  const id = Number(third ?? first)
  if (exitCode === 0 && Number.isInteger(id)) return id
  throw new ImagoError('TRANSFER_FAILED', `this machine knows no owner '${command.at(-1) ?? ''}'`, { hint: 'give numbers, uid:gid' })
}
