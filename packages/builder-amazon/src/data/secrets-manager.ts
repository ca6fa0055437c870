import type { Secret } from '@imago/core'
import { ImagoError, nameHint, optionSchema, secret } from '@imago/core'
import * as v from 'valibot'

import { hasAwsCode } from '../aws/aws-error.ts'
import { connectAws } from '../aws/connect.ts'
import type { AwsPlace } from '../options/access.ts'
import { placeEntries } from '../options/access.ts'
import type { DataOptions } from './check-query.ts'
import { checkQuery, signalOf } from './check-query.ts'

/** Which secret, and where. */
export interface SecretQuery extends AwsPlace {
  /** Its name or ARN. */
  readonly name: string
  /** Of a secret that is a JSON object, this member. @default the whole secret */
  readonly key?: string
  readonly versionId?: string
  /** @default AWSCURRENT */
  readonly versionStage?: string
}

const { text } = optionSchema
const schema = v.strictObject({
  ...placeEntries,
  name: text,
  key: v.optional(text),
  versionId: v.optional(text),
  versionStage: v.optional(text),
})

/**
 * A secret of the Secrets Manager. An image file awaits it.
 * @throws ImagoError `INPUT_MISSING` when there is no such secret, or no such member
 * @example const password = await secretsManager({ region: 'us-west-2', name: 'cow/database', key: 'password' })
 */
export async function secretsManager(query: SecretQuery, options: DataOptions = {}): Promise<Secret> {
  checkQuery('secretsManager', schema, query)
  const { name, key, versionId, versionStage, ...place } = query
  const aws = await connectAws(place)
  const request = {
    SecretId: name,
    ...(versionId !== undefined && { VersionId: versionId }),
    ...(versionStage !== undefined && { VersionStage: versionStage }),
  }
  const { SecretString, SecretBinary } = await aws
    .call('GetSecretValue', request, { signal: signalOf(options) })
    .catch((error: unknown) => {
      if (!hasAwsCode(error, ['ResourceNotFoundException'])) throw error
      throw new ImagoError('INPUT_MISSING', `the Secrets Manager in ${aws.region} has no '${name}'`, { cause: error })
    })
  const value = SecretString ?? Buffer.from(SecretBinary ?? []).toString('utf8')
  return secret(key === undefined ? value : memberOf(value, key, name))
}

function memberOf(text: string, key: string, name: string): string {
  const members = parseObject(text)
  if (members === undefined) throw new ImagoError('INPUT_MISSING', `the secret '${name}' is no JSON object, and has no '${key}'`)
  const value = Object.hasOwn(members, key) ? members[key] : undefined
  if (value === undefined) {
    throw new ImagoError('INPUT_MISSING', `the secret '${name}' has no '${key}'`, { hint: nameHint(key, Object.keys(members)) })
  }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
