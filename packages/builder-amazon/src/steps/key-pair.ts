import { createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

import { createKeyPair } from '@imago/communicator-ssh'
import type { Secret } from '@imago/core'
import { secret } from '@imago/core'

import { hasAwsCode } from '../aws/aws-error.ts'
import type { Tags } from '../aws/own.ts'
import type { Named } from '../aws/taken-name.ts'
import { withTakenName } from '../aws/taken-name.ts'
import { tagsOf, tagSpecifications } from '../aws/tags.ts'
import type { Job } from '../job.ts'
import { acquire } from '../resources/acquire.ts'

/** A key pair that AWS puts into the instance. */
export interface InstanceKey {
  /** Its name at AWS. */
  readonly name: string
  /** The private key, which has never left this process. */
  readonly privateKey: Secret
  /** A line of `authorized_keys`. */
  readonly publicKey: string
}

/**
 * Makes a key pair here and tells AWS its public half. A pair of that name is ours when its tags say so: the answer of the first attempt
 * was lost.
 */
export async function importKeyPair(job: Job, type: 'ed25519' | 'rsa', tags: Tags): Promise<InstanceKey> {
  const { aws, ctx, own } = job
  const name = own.name('key')
  const keys = type === 'rsa' ? await createRsaKeyPair(name) : await createKeyPair(name)
  await acquire(aws, ctx, {
    kind: 'amazon-key-pair',
    name,
    create: async (signal) => {
      const request = {
        KeyName: name,
        PublicKeyMaterial: Buffer.from(keys.publicKey),
        TagSpecifications: tagSpecifications({ 'key-pair': own.tags(name, tags) }),
      }
      try {
        return (await aws.call('ImportKeyPair', request, { signal })).KeyPairId ?? name
      } catch (error) {
        if (!hasAwsCode(error, ['InvalidKeyPair.Duplicate'])) throw error
        const list = async (): Promise<Named[]> => {
          const { KeyPairs = [] } = await aws.call('DescribeKeyPairs', { KeyNames: [name] }, { signal })
          return KeyPairs.map(({ KeyPairId: id = '', Tags }) => ({ id, tags: tagsOf(Tags) }))
        }
        const found = await withTakenName(job, list, signal)
        if (found?.isOwn !== true) throw error
        return found.id
      }
    },
    id: (id) => id,
  })
  return { name, privateKey: keys.privateKey, publicKey: keys.publicKey }
}

/** Windows encrypts its first password with an RSA key; PKCS#1, as its tools write it. */
async function createRsaKeyPair(comment: string): Promise<Omit<InstanceKey, 'name'>> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 })
  const { n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const blob = Buffer.concat([field('ssh-rsa'), integer(e), integer(n)])
  return {
    privateKey: secret(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
    publicKey: `ssh-rsa ${blob.toString('base64')} ${comment}`,
  }
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A number in SSH's format (RFC 4251 §5): one more byte when its first bit is set. */
function integer(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return field((bytes[0] ?? 0) < 128 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]))
}
