import type { Communicator } from '@imago/core'
import { ImagoError } from '@imago/core'

/**
 * Rewrites each file without the lines that hold the key `$K`, where it is in one. Owner and permissions stay: the file keeps its
 * inode, and gets its new content from a copy that is complete. Ends with 3 when it is in none.
 */
const notThere = 3
const removeKey = `umask 077
e=${notThere}
for f in "$HOME/.ssh/authorized_keys" "$HOME/.ssh/authorized_keys2"; do
  [ -f "$f" ] && grep -qF -e "$K" "$f" || continue
  t=$f.imago.$$
  grep -vF -e "$K" "$f" >"$t" || [ $? = 1 ] || { rm -f "$t"; exit 1; }
  cat "$t" >"$f" || { rm -f "$t"; exit 1; }
  rm -f "$t" || exit 1
  e=0
done
exit $e`

/** How to remove a key. */
export interface ClearAuthorizedKeyOptions {
  readonly signal?: AbortSignal
}

/**
 * Removes exactly one public key from the `authorized_keys` of the user that we are in the machine: the one that a build added for
 * itself. Other keys stay, and so do the connections that are open.
 * @param publicKey its line, such as {@link SshKeyPair.publicKey}
 * @returns whether it was there
 * @throws ImagoError `COMMAND_FAILED` when the file cannot be written
 * @example await clearAuthorizedKey(machine, keys.publicKey)
 */
export async function clearAuthorizedKey(
  machine: Communicator,
  publicKey: string,
  { signal }: ClearAuthorizedKeyOptions = {},
): Promise<boolean> {
  const blob = publicKey.split(/\s+/).find((word) => word.startsWith('AAAA'))
  if (blob === undefined) throw new ImagoError('INTERNAL', `'${publicKey}' is no public key`)
  const { exitCode } = await machine.exec(removeKey, { env: { K: blob }, ...(signal !== undefined && { signal }) })
  if (exitCode === 0 || exitCode === notThere) return exitCode === 0
  throw new ImagoError('COMMAND_FAILED', `the build's key could not be removed from the machine's authorized_keys: exit code ${exitCode}`, {
    exitCode,
  })
}
