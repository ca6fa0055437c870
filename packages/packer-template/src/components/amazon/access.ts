import type { InstanceOptions } from '@imago/builder-amazon'
import type { Duration, Secret } from '@imago/core'

import { always, duration, flag, integer, secretText, text, textOrSecret } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import { group, togetherWith } from '../../mapping/group.ts'
import { isKnown } from '../../mapping/known.ts'
import type { Model } from '../../mapping/known.ts'
import { textMap, texts } from '../../mapping/list-coercions.ts'
import { localPath } from '../../mapping/local-path.ts'
import { nested } from '../../mapping/nested.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import type { Composed, MeaninglessRow, NoCounterpartRow, Taken, TakenRow } from '../../mapping/table.ts'
import { as, meaningless, noCounterpart, taken } from '../../mapping/table.ts'
import type { Named } from '../named.ts'

type Access = NonNullable<InstanceOptions['access']>
type Polling = NonNullable<InstanceOptions['polling']>
type AssumeRole = NonNullable<Access['assumeRole']>
type Vault = NonNullable<Access['vault']>

/** How Packer waits for AWS. */
interface PackerPolling {
  readonly delay: number
  readonly attempts: number
}

/** A number of seconds. */
const seconds: Coercion<Duration> = (node, ctx) => {
  if (node.kind === 'text' && /[a-z]$/.test(node.value)) return duration(node, ctx)
  const count = integer(node, ctx)
  if (count === undefined) return undefined
  return isKnown(count) ? `${count.value}s` : `${count}s`
}

/** Packer's options of access to AWS. */
export type AccessRows = Named<'region' | 'profile' | 'shared_credentials_file' | 'custom_endpoint_ec2', TakenRow<string>> &
  Named<'access_key' | 'mfa_code', TakenRow<string | Secret>> &
  Named<'secret_key' | 'token', TakenRow<Secret>> &
  Named<'skip_metadata_api_check' | 'insecure_skip_tls_verify' | 'decode_authorization_messages', TakenRow<boolean>> &
  Named<'max_retries', TakenRow<number>> &
  Named<'assume_role', TakenRow<AssumeRole>> &
  Named<'vault_aws_engine', TakenRow<Vault>> &
  Named<'aws_polling', TakenRow<PackerPolling>> &
  Named<'skip_credential_validation', MeaninglessRow> &
  Named<'assume_role_tags', NoCounterpartRow>

/** What becomes of each of them. */
export const accessRows: AccessRows = {
  region: taken(text),
  profile: taken(text),
  shared_credentials_file: taken(localPath),
  custom_endpoint_ec2: taken(text),
  access_key: taken(textOrSecret),
  secret_key: taken(secretText),
  token: taken(secretText),
  mfa_code: taken(textOrSecret),
  skip_metadata_api_check: taken(flag),
  insecure_skip_tls_verify: taken(flag),
  decode_authorization_messages: taken(flag),
  max_retries: taken(integer),
  assume_role: taken(
    nested<AssumeRole>()({
      role_arn: as('roleArn', always(text)),
      duration_seconds: as('duration', seconds),
      duration: as('duration', duration),
      external_id: as('externalId', text),
      policy: as('policy', text),
      policy_arns: as('policyArns', texts),
      session_name: as('sessionName', text),
      tags: as('tags', textMap),
      transitive_tag_keys: as('transitiveTagKeys', texts),
    }),
  ),
  vault_aws_engine: taken(
    nested<Vault>()({
      name: as('role', always(text)),
      engine_name: as('engine', text),
      role_arn: as('roleArn', text),
      ttl: as('ttl', text),
    }),
  ),
  aws_polling: taken(nested<PackerPolling>()({ delay_seconds: as('delay', integer), max_attempts: as('attempts', integer) })),
  skip_credential_validation: meaningless('keys are looked at when they are used'),
  assume_role_tags: noCounterpart('write assume_role.tags'),
}

type Given = Taken<AccessRows>

/** Where a build works, and as whom. */
export function accessOptions(given: Given): Composed<Pick<InstanceOptions, 'region' | 'access' | 'polling'>> {
  const access = group<Access>({
    profile: given.profile,
    credentialsFile: given.shared_credentials_file,
    keys: togetherWith<NonNullable<Access['keys']>>(['accessKeyId', 'secretAccessKey'], {
      accessKeyId: given.access_key,
      secretAccessKey: given.secret_key,
      sessionToken: given.token,
    }),
    vault: given.vault_aws_engine,
    assumeRole: given.assume_role,
    mfaCode: given.mfa_code,
    instanceMetadata: isYes(given.skip_metadata_api_check) ? false : undefined,
    endpoint: given.custom_endpoint_ec2,
    insecureTls: given.insecure_skip_tls_verify,
    maxAttempts: given.max_retries,
    decodeErrors: given.decode_authorization_messages,
  })
  const polling = pollingOf(given.aws_polling)
  return {
    ...(given.region !== undefined && { region: given.region }),
    ...(access !== undefined && { access }),
    ...(polling !== undefined && { polling }),
  }
}

/** So many looks with so long between them is a length of time, which is how long Packer waits for images. */
function pollingOf(polling: Model<PackerPolling> | undefined): Model<Polling> | undefined {
  if (polling === undefined || isKnown(polling)) return undefined
  const { delay, attempts } = polling as { readonly delay?: Model<number>; readonly attempts?: Model<number> } // either may not be given
  const delaySeconds = currentNumber(delay)
  const count = currentNumber(attempts)
  if (count === undefined) return delaySeconds === undefined ? undefined : { interval: `${delaySeconds}s` }
  const timeout: Duration = `${(delaySeconds ?? 15) * count}s`
  return { ...(delaySeconds !== undefined && { interval: `${delaySeconds}s` as const }), timeout, imageTimeout: timeout }
}

function currentNumber(value: Model<number> | undefined): number | undefined {
  return isKnown(value) ? value.value : value
}
