import { ImagoError, shellQuote } from '@imago/core'
import type { TarOwner } from '@imago/tar'

import type { Link } from './link.ts'

/** Prints `uid:gid` for the names `$u` and `$g`. Without a group it is the user's. */
const lookUp = `case $u in *[!0-9]*) n=$(id -u "$u") || exit 3 ;; *) n=$u ;; esac
case $g in
'') m=$(id -g "$u" 2>/dev/null) || m=$n ;;
*[!0-9]*)
  m=$({ getent group "$g" 2>/dev/null || cat /etc/group; } | while IFS=: read -r name _ id _; do
    [ "$name" != "$g" ] || { echo "$id"; break; }
  done)
  [ "$m" ] || { echo "there is no group '$g'" >&2; exit 3; }
  ;;
*) m=$g ;;
esac
printf '%s:%s' "$n" "$m"`

/**
 * The numbers of an owner, `uid:gid` or names that the machine knows.
 * @throws ImagoError `TRANSFER_FAILED` for a name that the machine does not know, or when we are not root there.
 */
export async function resolveOwner(link: Link, owner: string, signal: AbortSignal | undefined): Promise<TarOwner> {
  const [user = '', group = ''] = owner.split(':')
  const given = /^(\d+):(\d+)$/.exec(owner)
  const answer = given === null ? await link.ask(`u=${shellQuote(user)} g=${shellQuote(group)}\n${lookUp}`, signal) : undefined
  if (given === null && answer?.exitCode !== 0) {
    throw new ImagoError('TRANSFER_FAILED', `the machine knows no owner '${owner}': ${answer?.stderr.trim() ?? 'it has no shell to ask'}`, {
      hint: 'give numbers, uid:gid',
    })
  }
  const [uid = 0, gid = 0] = (answer?.stdout ?? owner).split(':').map(Number)
  const facts = await link.facts()
  if (facts !== undefined && facts.uid !== 0 && (facts.uid !== uid || facts.gid !== gid)) {
    throw new ImagoError('TRANSFER_FAILED', `only root can give files to '${owner}', and ${link.connection.target} is not root`, {
      hint: 'upload it as this user, and move it with a shell step that uses sudo',
    })
  }
  return { uid, gid }
}
