import type { Secret } from '@imago/core'
import { ImagoError, optionSchema, secret } from '@imago/core'
import * as v from 'valibot'

import { hasAwsCode } from '../aws/aws-error.ts'
import { connectAws } from '../aws/connect.ts'
import type { AwsPlace } from '../options/access.ts'
import { placeEntries } from '../options/access.ts'
import type { DataOptions } from './check-query.ts'
import { checkQuery, signalOf } from './check-query.ts'

/** Which parameter, and where. */
export interface ParameterQuery<S extends boolean = false> extends AwsPlace {
  /** Its name or ARN; a version or a label may follow: `/cow/version:3`. */
  readonly name: string
  /** Decrypt it, and answer with a secret. @default false */
  readonly secret?: S
}

const schema = v.strictObject({ ...placeEntries, name: optionSchema.text, secret: v.optional(v.boolean()) })

/**
 * The value of a parameter in the Parameter Store. An image file awaits it.
 * @throws ImagoError `INPUT_MISSING` when there is no such parameter, `DEFINITION_INVALID` for one that is secret without `secret: true`
 * @example const version = await parameterStore({ region: 'us-west-2', name: '/cow/version' })
 * @example const token = await parameterStore({ name: '/cow/token', secret: true })
 */
export async function parameterStore<const S extends boolean = false>(
  query: ParameterQuery<S>,
  options: DataOptions = {},
): Promise<S extends true ? Secret : string> {
  checkQuery('parameterStore', schema, query)
  const value = await valueOf(query, options)
  return (query.secret === true ? secret(value) : value) as S extends true ? Secret : string // as `secret` says
}

async function valueOf({ name, secret: isSecret = false, ...place }: ParameterQuery<boolean>, options: DataOptions): Promise<string> {
  const aws = await connectAws(place)
  const call = { signal: signalOf(options) }
  const { Parameter } = await aws.call('GetParameter', { Name: name, WithDecryption: isSecret }, call).catch((error: unknown) => {
    if (!hasAwsCode(error, ['ParameterNotFound', 'ParameterVersionNotFound'])) throw error
    throw new ImagoError('INPUT_MISSING', `the Parameter Store in ${aws.region} has no '${name}'`, { cause: error })
  })
  if (Parameter?.Type === 'SecureString' && !isSecret) {
    throw new ImagoError('DEFINITION_INVALID', `the parameter '${name}' is secret`, { hint: 'ask for a secret: secret: true' })
  }
  return Parameter?.Value ?? ''
}
