import type { CredentialContext } from './credentials.ts'
import { loadKey } from './credentials.ts'
import { publicKeyLine } from './ssh2-connection.ts'
import type { SshKey } from './ssh-options.ts'

/**
 * The public key that belongs to the private key of an option, as a line of `authorized_keys` has it.
 * @throws ImagoError `INPUT_MISSING` when its file cannot be read, `DEFINITION_INVALID` when it is no key, or its passphrase is wrong.
 * @example await publicKeyOf({ file: '~/.ssh/id_ed25519' }, ctx)
 */
export async function publicKeyOf(key: SshKey, context: CredentialContext): Promise<string> {
  return await publicKeyLine(await loadKey(key, context))
}
