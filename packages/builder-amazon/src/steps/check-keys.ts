import type { Issue } from '@imago/core'
import { isImagoError, messageOf } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import type { Operations } from '../aws/aws-sdk.ts'
import type { AwsJob } from '../job.ts'
import type { UsedKey } from '../options/used-keys.ts'
import { keyIssues, managedKeyIssue } from '../options/used-keys.ts'

/** What was found of keys. */
export interface FoundKeys {
  readonly issues: readonly Issue[]
  /** Why some could not be looked at. */
  readonly unseen: readonly string[]
}

/**
 * Whether keys are there, and can encrypt volumes. Each is looked up once. Not everybody may look: what is not allowed, or whose answer does
 * not come, is no issue, since it is EC2 that uses the key.
 */
export async function checkKeys(aws: Aws, keys: readonly UsedKey[], call: CallOptions): Promise<FoundKeys> {
  const looks = new Map<string, Promise<KeyLook>>()
  const found = await Promise.all(
    keys.map(async (used): Promise<FoundKeys> => {
      const { path, key, region = aws.region, isShared } = used
      const known = keyIssues([used])
      if (known.length > 0) return { issues: known, unseen: [] }
      const name = `${region} ${key}`
      const look = looks.get(name) ?? lookAtKey(aws.in(region), key, call)
      looks.set(name, look)
      const { wrong, isManaged = false, unseen } = await look
      if (unseen !== undefined) return { issues: [], unseen: [unseen] }
      if (wrong !== undefined) return { issues: [{ path, ...wrong }], unseen: [] }
      return { issues: isShared && isManaged ? [managedKeyIssue(path, key)] : [], unseen: [] }
    }),
  )
  return { issues: found.flatMap(({ issues }) => issues), unseen: [...new Set(found.flatMap(({ unseen }) => unseen))] }
}

/** The same in a build, which says what could not be looked at. */
export async function keyProblems({ aws, ctx }: AwsJob, keys: readonly UsedKey[]): Promise<readonly Issue[]> {
  const { issues, unseen } = await checkKeys(aws, keys, ctx)
  for (const text of unseen) ctx.emit({ type: 'message', level: 'warning', text })
  return issues
}

interface KeyLook {
  readonly wrong?: Omit<Issue, 'path'>
  /** Whether it is one that Amazon made. */
  readonly isManaged?: boolean
  readonly unseen?: string
}

async function lookAtKey(aws: Aws, key: string, call: CallOptions): Promise<KeyLook> {
  try {
    const answer = await aws.call('DescribeKey', { KeyId: key }, call)
    const found: KeyFacts = answer.KeyMetadata ?? {}
    const wrong = whatIsWrong(`the KMS key '${key}' in ${aws.region}`, found)
    return { isManaged: found.KeyManager === 'AWS', ...(wrong !== undefined && { wrong }) }
  } catch (error) {
    if (isNotFound(error) || hasAwsCode(error, ['InvalidArnException'])) {
      return {
        wrong: {
          message: `there is no KMS key '${key}' in ${aws.region}`,
          hint: `give a key of that region: 'aws kms list-aliases --region ${aws.region}' shows them`,
        },
      }
    }
    if (!isImagoError(error, 'NETWORK') && !hasAwsCode(error, ['AccessDenied', 'AccessDeniedException'])) throw error
    return { unseen: `it is not known whether the KMS key '${key}' in ${aws.region} can be used: ${messageOf(error)}` }
  }
}

type KeyFacts = Partial<NonNullable<Operations['DescribeKey']['output']['KeyMetadata']>>

const deleted = { state: 'is about to be deleted', hint: 'cancel its deletion and enable it, or give another' }
const notYet = { state: 'cannot be used yet', hint: 'wait until it is enabled, or give another' }

/** States in which a key encrypts nothing (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html). */
const unusable: Readonly<Record<NonNullable<KeyFacts['KeyState']>, { readonly state: string; readonly hint: string } | undefined>> = {
  Enabled: undefined,
  Updating: undefined,
  Creating: notYet,
  Disabled: { state: 'is disabled', hint: 'enable it, or give another' },
  PendingDeletion: deleted,
  PendingReplicaDeletion: deleted,
  PendingImport: { state: 'has no key material yet', hint: 'import it, or give another' },
  Unavailable: { state: 'is not available: its key store is not connected', hint: 'connect the key store, or give another' },
}

function whatIsWrong(
  name: string,
  { KeyState = 'Enabled', KeySpec = 'SYMMETRIC_DEFAULT', KeyUsage = 'ENCRYPT_DECRYPT' }: KeyFacts,
): KeyLook['wrong'] {
  if (KeySpec !== 'SYMMETRIC_DEFAULT' || KeyUsage !== 'ENCRYPT_DECRYPT') {
    return { message: `${name} is of the kind ${KeySpec} for ${KeyUsage}, and it takes a symmetric one`, hint: 'give another' }
  }
  const wrong = unusable[KeyState]
  return wrong && { message: `${name} ${wrong.state}`, hint: wrong.hint }
}
