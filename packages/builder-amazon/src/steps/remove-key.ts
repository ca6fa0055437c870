import { clearAuthorizedKey } from '@imago/communicator-ssh'
import type { Communicator } from '@imago/core'

/** cloud-init writes the key into root's file, too, with a remark that says to log in as another user. */
const rootScript = (blob: string): string => `f=/root/.ssh/authorized_keys
sudo -n true 2>/dev/null || exit 0
sudo -n grep -qF -e '${blob}' $f 2>/dev/null || exit 0
sudo -n sed -i '\\#${blob}#d' $f`

/** Takes the build's own key out of the machine, so that the image lets nobody in who did not belong there before. */
export async function removeKey(machine: Communicator, publicKey: string, signal: AbortSignal): Promise<void> {
  await clearAuthorizedKey(machine, publicKey, { signal })
  const blob = publicKey.split(' ').find((word) => word.startsWith('AAAA'))
  if (blob !== undefined) await machine.exec(rootScript(blob), { signal })
}
