import { apiError } from '../api-error.ts'
import type { KeyPairInfo, TagSpecification } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { Resource } from '../state/table.ts'
import { readTagSpecifications } from '../state/tags.ts'
import type { ImportedKey } from './key-material.ts'
import { generateKey, importKey } from './key-material.ts'

const filters: FilterFields<Resource<KeyPairInfo>> = {
  'key-pair-id': ({ id }) => id,
  'key-name': ({ data }) => data.KeyName,
  fingerprint: ({ data }) => data.KeyFingerprint,
}

/** Key pairs: EC2 keeps the public half. */
export const keyPairOperations: Ec2Operations<'CreateKeyPair' | 'ImportKeyPair' | 'DescribeKeyPairs' | 'DeleteKeyPair'> = {
  CreateKeyPair: {
    check({ KeyName, KeyFormat = 'pem', TagSpecifications: tags }, call) {
      checkNew(KeyName, tags, call)
      if (KeyFormat !== 'pem') throw apiError('NotImplemented', 'This emulator makes keys in the format pem only')
    },
    async run({ KeyName, KeyType = 'rsa', TagSpecifications: tags }, call) {
      const { privateKey, ...key } = await generateKey(KeyType)
      return { ...view(add(KeyName, key, tags, call)), KeyMaterial: privateKey }
    },
  },
  ImportKeyPair: {
    check({ KeyName, PublicKeyMaterial, TagSpecifications: tags }, call) {
      checkNew(KeyName, tags, call)
      importKey(PublicKeyMaterial)
    },
    run: ({ KeyName, PublicKeyMaterial, TagSpecifications: tags }, call) => view(add(KeyName, importKey(PublicKeyMaterial), tags, call)),
  },
  DescribeKeyPairs: {
    run({ KeyNames = [], KeyPairIds, Filters, IncludePublicKey = false }, { world, region }) {
      const { items } = describe(world, region.keyPairs, { ids: KeyPairIds, filters: Filters, fields: filters })
      const missing = KeyNames.find((name) => !items.some(({ data }) => data.KeyName === name))
      if (missing !== undefined) throw apiError('InvalidKeyPair.NotFound', `The key pair '${missing}' does not exist`)
      const found = items.filter(({ data }) => KeyNames.length === 0 || KeyNames.includes(data.KeyName ?? ''))
      return { KeyPairs: found.map((pair) => ({ ...view(pair), PublicKey: IncludePublicKey ? pair.data.PublicKey : undefined })) }
    },
  },
  DeleteKeyPair: {
    run({ KeyName, KeyPairId }, { region }) {
      if (KeyName === undefined && KeyPairId === undefined) {
        throw apiError('MissingParameter', 'The request must contain the parameter KeyName or KeyPairId')
      }
      const pair = region.keyPairs.all().find(({ id, data }) => (KeyPairId === undefined ? data.KeyName === KeyName : id === KeyPairId))
      if (pair !== undefined) region.keyPairs.remove(pair.id) // one that is not there is no error
      return { Return: true, KeyPairId: pair?.id }
    },
  },
}

function checkNew(name: string | undefined, tags: readonly TagSpecification[] | undefined, { region }: Call): void {
  readTagSpecifications(tags, ['key-pair'])
  if (name === undefined || name.length > 255) throw apiError('InvalidParameterValue', `Value (${name}) for parameter KeyName is invalid.`)
  if (region.keyPairs.all().some(({ data }) => data.KeyName === name)) {
    throw apiError('InvalidKeyPair.Duplicate', `The keypair already exists: '${name}'`)
  }
}

function add(
  name: string | undefined,
  { publicKey, fingerprint, type }: ImportedKey,
  tags: readonly TagSpecification[] | undefined,
  { world, region, now }: Call,
): Resource<KeyPairInfo> {
  const { keyPairs } = region
  const data: KeyPairInfo = { KeyName: name, KeyType: type, KeyFingerprint: fingerprint, PublicKey: publicKey, CreateTime: new Date(now) }
  const pair = world.create(region, keyPairs.names, { data, tags: readTagSpecifications(tags, ['key-pair'])('key-pair') })
  pair.data.KeyPairId = pair.id
  return keyPairs.add(pair)
}
