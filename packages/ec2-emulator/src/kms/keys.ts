import { apiError } from '../api-error.ts'
import type { KmsApi } from '../aws-sdk.ts'
import type { Call, KmsOperations } from '../operation.ts'

/** A key of KMS. */
export interface StoredKey {
  readonly arn: string
  /** Who made it: Amazon, for what is encrypted where no key is named, or the account. */
  readonly manager: 'AWS' | 'CUSTOMER'
  readonly state: KeyState
  readonly spec: KeySpec
  readonly description: string
  readonly createdAt: Date
}

type Metadata = NonNullable<KmsApi['DescribeKey']['output']['KeyMetadata']>

/** The life of a key. */
export type KeyState = NonNullable<Metadata['KeyState']>
/** The kind of a key. */
export type KeySpec = NonNullable<Metadata['KeySpec']>

/** The Key Management Service: keys are there from the start, or not at all. */
export const keyOperations: KmsOperations<'DescribeKey'> = {
  DescribeKey: {
    run({ KeyId }, call) {
      const [id, key] = requireKey(KeyId ?? '', call)
      return { KeyMetadata: shown(id, key, call) }
    },
  },
}

/** Of a key that will be deleted, in milliseconds: Amazon waits 30 days unless it is told otherwise. */
const deletionMs = 30 * 86_400_000

function shown(id: string, { arn, manager, state, spec, description, createdAt }: StoredKey, { world }: Call): Metadata {
  const usage = usageOf(spec)
  return {
    AWSAccountId: world.account,
    KeyId: id,
    Arn: arn,
    CreationDate: createdAt,
    Enabled: state === 'Enabled',
    Description: description,
    KeyUsage: usage,
    KeyState: state,
    DeletionDate: state === 'PendingDeletion' ? new Date(createdAt.getTime() + deletionMs) : undefined,
    Origin: 'AWS_KMS',
    KeyManager: manager,
    CustomerMasterKeySpec: spec as Metadata['CustomerMasterKeySpec'], // the old name of the same
    KeySpec: spec,
    EncryptionAlgorithms: spec === 'SYMMETRIC_DEFAULT' ? ['SYMMETRIC_DEFAULT'] : undefined,
    MultiRegion: id.startsWith('mrk-'),
  }
}

function usageOf(spec: KeySpec): Metadata['KeyUsage'] {
  if (spec === 'SYMMETRIC_DEFAULT') return 'ENCRYPT_DECRYPT'
  return spec.startsWith('HMAC_') ? 'GENERATE_VERIFY_MAC' : 'SIGN_VERIFY'
}

/** The id of the key that encrypts volumes where none is named. */
export const defaultKeyId = '00000000-0000-4000-8000-000000000000'

/** Where a key is looked for. */
type Place = Pick<Call, 'world' | 'region'>

/** A key by its id, its ARN, or the name or the ARN of an alias. */
function findKey(keyId: string, { region }: Place): readonly [id: string, key: StoredKey] | undefined {
  const { name } = partsOf(keyId)
  const id = name.startsWith('alias/') ? region.keyAliases.get(name) : name
  const key = region.keys.get(id ?? '')
  return id === undefined || key === undefined ? undefined : [id, key]
}

interface KeyParts {
  /** Of an ARN. */
  readonly region?: string | undefined
  readonly account?: string | undefined
  /** An id, or `alias/…` */
  readonly name: string
}

function partsOf(keyId: string): KeyParts {
  const [, region, account, name = keyId] = /^arn:[\w-]+:kms:([\w-]+):(\d{12}):(?:key\/)?(.+)$/.exec(keyId) ?? []
  return { region, account, name }
}

/** @throws ApiError `NotFoundException`; `AccessDeniedException` for a key of another account */
function requireKey(keyId: string, call: Call): readonly [id: string, key: StoredKey] {
  const { world, region } = call
  const parts = partsOf(keyId)
  if (parts.region !== undefined && parts.region !== region.name) throw apiError('NotFoundException', `Invalid arn ${parts.region}`)
  if (parts.account !== undefined && parts.account !== world.account) {
    const why = 'because the resource does not exist in this Region, or no resource-based policies allow access'
    const me = `arn:aws:iam::${world.account}:user/emulator`
    throw apiError('AccessDeniedException', `User: ${me} is not authorized to perform: kms:DescribeKey on resource: ${keyId} ${why}`)
  }
  const found = findKey(keyId, call)
  if (found !== undefined) return found
  const arn = `arn:aws:kms:${region.name}:${world.account}`
  const { name } = parts
  throw apiError(
    'NotFoundException',
    name.startsWith('alias/') ? `Alias ${arn}:${name} is not found.` : `Key '${arn}:key/${name}' does not exist`,
  )
}

/**
 * The ARN of the key that something is encrypted with, as EC2 tells it: the default one where none is named. EC2 looks at keys when it
 * works with them; here, one that is not there is told as it was named.
 */
export function encryptionKey(keyId: string | undefined, place: Place): string {
  return findKey(keyId ?? defaultKeyId, place)?.[1].arn ?? keyId ?? ''
}
