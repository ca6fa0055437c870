import { randomBytes, randomUUID } from 'node:crypto'

import { apiError } from '../api-error.ts'
import type { Call, SecretsOperations } from '../operation.ts'

/** A secret with its versions, oldest first. */
export interface StoredSecret {
  readonly arn: string
  readonly seeded: boolean
  readonly versions: SecretVersion[]
}

/** A version of a secret. */
export interface SecretVersion {
  readonly id: string
  readonly text: string | undefined
  readonly binary: Uint8Array | undefined
  readonly createdAt: Date
  stages: readonly string[]
}

/** Secrets Manager. */
export const secretOperations: SecretsOperations<'GetSecretValue' | 'CreateSecret' | 'PutSecretValue' | 'DeleteSecret'> = {
  GetSecretValue: {
    run({ SecretId, VersionId, VersionStage = 'AWSCURRENT' }, call) {
      const [name, { arn, versions }] = requireSecret(SecretId, call)
      const version = versions.find(({ id, stages }) => (VersionId === undefined ? stages.includes(VersionStage) : id === VersionId))
      if (version === undefined) {
        const what = VersionId === undefined ? `staging label: ${VersionStage}` : `VersionId: ${VersionId}`
        throw apiError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`)
      }
      const { id, text, binary, createdAt, stages } = version
      return {
        ARN: arn,
        Name: name,
        VersionId: id,
        SecretString: text,
        SecretBinary: binary,
        VersionStages: [...stages],
        CreatedDate: createdAt,
      }
    },
  },
  CreateSecret: {
    check({ Name = '' }, { region }) {
      if (!region.secrets.has(Name)) return
      throw apiError('ResourceExistsException', `The operation failed because the secret ${Name} already exists.`)
    },
    run({ Name = '', SecretString, SecretBinary }, call) {
      const secret = newSecret(Name, call)
      call.region.secrets.set(Name, secret)
      const version = addVersion(secret, { text: SecretString, binary: SecretBinary }, call.now)
      return { ARN: secret.arn, Name, VersionId: version.id }
    },
  },
  PutSecretValue: {
    run({ SecretId, SecretString, SecretBinary }, call) {
      const [Name, secret] = requireSecret(SecretId, call)
      const version = addVersion(secret, { text: SecretString, binary: SecretBinary }, call.now)
      return { ARN: secret.arn, Name, VersionId: version.id, VersionStages: [...version.stages] }
    },
  },
  DeleteSecret: {
    run({ SecretId }, call) {
      const [Name, { arn }] = requireSecret(SecretId, call)
      call.region.secrets.delete(Name)
      return { ARN: arn, Name, DeletionDate: new Date(call.now) }
    },
  },
}

/** A secret without a version. Amazon adds six characters to its ARN. */
export function newSecret(name: string, { world, region }: Pick<Call, 'world' | 'region'>, seeded = false): StoredSecret {
  const suffix = randomBytes(6).toString('base64url').slice(0, 6).replaceAll(/[-_]/g, 'x')
  return { arn: `arn:aws:secretsmanager:${region.name}:${world.account}:secret:${name}-${suffix}`, seeded, versions: [] }
}

/** Adds a version: it is the current one, and the one that was is the previous one. */
export function addVersion(
  { versions }: StoredSecret,
  { text, binary }: { readonly text?: string | undefined; readonly binary?: Uint8Array | undefined },
  now: number,
): SecretVersion {
  for (const version of versions) version.stages = version.stages.includes('AWSCURRENT') ? ['AWSPREVIOUS'] : []
  const version = { id: randomUUID(), text, binary, createdAt: new Date(now), stages: ['AWSCURRENT'] }
  versions.push(version)
  return version
}

/** By its name or its ARN. @throws ApiError `ResourceNotFoundException` */
function requireSecret(id: string | undefined, { region }: Call): readonly [name: string, secret: StoredSecret] {
  const found = [...region.secrets].find(([name, { arn }]) => name === id || arn === id)
  if (found === undefined) throw apiError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
  return found
}
