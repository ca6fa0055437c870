import { constants, createPrivateKey, privateDecrypt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { SshKey } from '@imago/communicator-ssh'
import type { Duration, Secret } from '@imago/core'
import { fileSystemError, ImagoError, milliseconds, reveal, secret } from '@imago/core'

import { poll } from '../aws/poll.ts'
import type { Job } from '../job.ts'

/**
 * The password that Windows has made for its administrator, decrypted with the instance's key. Windows tells it minutes after its start.
 * @throws ImagoError `TIMEOUT`; `DEFINITION_INVALID` when the key does not fit
 */
export async function windowsPassword(
  { aws, ctx, polling }: Job,
  instanceId: string,
  key: SshKey | undefined,
  { timeout = '20m' }: { readonly timeout?: Duration },
): Promise<Secret> {
  const encrypted = await ctx.step('password', 'wait for the password of Windows', () =>
    poll<string>({
      what: `the password of ${instanceId}`,
      signal: ctx.signal,
      timeoutMs: milliseconds(timeout),
      pace: polling.pace,
      look: async () => (await aws.call('GetPasswordData', { InstanceId: instanceId }, ctx)).PasswordData?.trim() ?? '',
      isDone: (data) => data !== '',
    }),
  )
  const password = await decrypt(encrypted, key, ctx.directory)
  ctx.maskSecret(password)
  return secret(password)
}

/**
 * Whether a key is one that Windows can encrypt its password with.
 * @throws ImagoError `DEFINITION_INVALID` when it is not
 */
export async function checkWindowsKey(key: SshKey, directory: string): Promise<void> {
  const text = await keyText(key, directory)
  try {
    const passphrase = key.passphrase === undefined ? {} : { passphrase: reveal(key.passphrase) }
    const { asymmetricKeyType = 'none' } = createPrivateKey({ key: text, ...passphrase })
    if (asymmetricKeyType !== 'rsa') throw new Error(`it is of the kind ${asymmetricKeyType}`)
  } catch (error) {
    throw unfit(error)
  }
}

function unfit(cause: unknown): ImagoError {
  return new ImagoError('DEFINITION_INVALID', 'the password of Windows cannot be decrypted with this key', {
    cause,
    hint: 'the key must be the private RSA key, in PEM format, of the pair that the instance was started with',
  })
}

async function decrypt(encrypted: string, key: SshKey | undefined, directory: string): Promise<string> {
  const text = await keyText(key, directory)
  try {
    const passphrase = key?.passphrase === undefined ? {} : { passphrase: reveal(key.passphrase) }
    // Windows encrypts it with PKCS#1 v1.5, which Node does no longer decrypt by itself: the padding is taken off here
    const padded = privateDecrypt({ key: text, ...passphrase, padding: constants.RSA_NO_PADDING }, Buffer.from(encrypted, 'base64'))
    return unpad(padded).toString('utf8')
  } catch (error) {
    throw unfit(error)
  }
}

/** Takes off the padding of PKCS#1 v1.5 (RFC 8017 §7.2.2): 0, 2, bytes that are not 0, and 0. */
function unpad(padded: Buffer): Buffer {
  const end = padded.indexOf(0, 2)
  if (padded[0] !== 0 || padded[1] !== 2 || end < 10) throw new Error('the padding is not that of PKCS#1')
  return padded.subarray(end + 1)
}

async function keyText(key: SshKey | undefined, directory: string): Promise<string> {
  if (key?.inline !== undefined) return reveal(key.inline)
  const file = key?.file ?? ''
  return await readFile(resolve(directory, file), 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, `the key '${file}'`)
  })
}
