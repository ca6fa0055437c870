import type { Duration, Issue, Secret } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { region } from './region.ts'

const { duration, text, textOrSecret } = optionSchema

/** Keys to sign requests with. Better in the environment or in a profile than in a definition. */
export interface AwsKeys {
  /** Packer: `access_key`. */
  readonly accessKeyId: string | Secret
  /** Packer: `secret_key`. */
  readonly secretAccessKey: string | Secret
  /** Packer: `token`. @default none */
  readonly sessionToken?: string | Secret
}

/** A role to take on. Packer: `assume_role`. */
export interface AssumeRole {
  /** Packer: `role_arn`. */
  readonly roleArn: string
  /** How long its keys hold; new ones are fetched before they end. 15 minutes to 12 hours. Packer: `duration_seconds`. @default '1h' */
  readonly duration?: Duration
  /** Packer: `external_id`. */
  readonly externalId?: string
  /** An IAM policy, as JSON, that limits the session. Packer: `policy`. */
  readonly policy?: string
  /** Policies that limit the session. Packer: `policy_arns`. */
  readonly policyArns?: readonly string[]
  /** Packer: `session_name`. @default imago */
  readonly sessionName?: string
  /** Packer: `tags`. */
  readonly tags?: Readonly<Record<string, string>>
  /** Keys of `tags` that a next role gets too. Packer: `transitive_tag_keys`. */
  readonly transitiveTagKeys?: readonly string[]
}

/** Keys from HashiCorp Vault's engine for AWS; Vault's address and token are in `VAULT_ADDR` and `VAULT_TOKEN`. Packer: `vault_aws_engine`. */
export interface VaultEngine {
  /** The role in Vault. Packer: `name`. */
  readonly role: string
  /** Where the engine is mounted. Packer: `engine_name`. @default aws */
  readonly engine?: string
  /** The role at AWS, where the role in Vault allows several. Packer: `role_arn`. */
  readonly roleArn?: string
  /** How long the keys hold, such as `'3600s'`. Packer: `ttl`. @default what Vault says */
  readonly ttl?: string
}

/** Where the keys come from: one place. */
export type KeySource =
  | {
      /** A profile of `~/.aws/config`: keys, SSO, roles, a process. Packer: `profile`. @default `AWS_PROFILE`, else what the environment has */
      readonly profile?: string
      readonly keys?: never
      readonly vault?: never
    }
  | { readonly profile?: never; readonly keys?: AwsKeys; readonly vault?: never }
  | { readonly profile?: never; readonly keys?: never; readonly vault?: VaultEngine }

/** How to reach an account at AWS. */
export type AwsAccess = AccessBase & KeySource

/** The same, beside where the keys come from. */
export interface AccessBase {
  /** The file with the profile's keys. Packer: `shared_credentials_file`. @default ~/.aws/credentials */
  readonly credentialsFile?: string
  readonly assumeRole?: AssumeRole
  /** The one-time code of an MFA device, for a role or a profile that needs one. Packer: `mfa_code`. */
  readonly mfaCode?: string | Secret
  /** The MFA device of `assumeRole`: `arn:aws:iam::123456789012:mfa/me`. @default what the profile says */
  readonly mfaSerial?: string
  /** Look for keys at the metadata service of the EC2 instance that this is. Packer: `skip_metadata_api_check`, the other way round. @default true */
  readonly instanceMetadata?: boolean
  /** Talk to this URL instead of AWS's EC2. Packer: `custom_endpoint_ec2`. @default what `AWS_ENDPOINT_URL_EC2` or `AWS_ENDPOINT_URL` says */
  readonly endpoint?: string
  /** Accept any TLS certificate. Packer: `insecure_skip_tls_verify`. @default false */
  readonly insecureTls?: boolean
  /** How many times a request is sent that is throttled or lost. Packer: `max_retries`. @default 10 */
  readonly maxAttempts?: number
  /** Ask AWS what its coded messages about missing permissions say. Needs `sts:DecodeAuthorizationMessage`. Packer: `decode_authorization_messages`. @default false */
  readonly decodeErrors?: boolean
}

/** Where a build works, and as whom. */
export interface AwsPlace {
  /** `'eu-west-1'`. Packer: `region`. @default `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's */
  readonly region?: string
  readonly access?: AwsAccess
}

const url = v.pipe(v.string(), v.url('must be a URL'))

const accessSchema: v.GenericSchema = v.strictObject({
  profile: v.optional(text),
  credentialsFile: v.optional(text),
  keys: v.optional(v.strictObject({ accessKeyId: textOrSecret, secretAccessKey: textOrSecret, sessionToken: v.optional(textOrSecret) })),
  vault: v.optional(
    v.strictObject({
      role: text,
      engine: v.optional(text),
      roleArn: v.optional(text),
      ttl: v.optional(v.pipe(v.string(), v.regex(/^\d+[smh]?$/, "must be like '3600s' or '1h'"))),
    }),
  ),
  assumeRole: v.optional(
    v.strictObject({
      roleArn: v.pipe(
        v.string(),
        v.regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, "must be a role's ARN: arn:aws:iam::123456789012:role/name"),
      ),
      duration: v.optional(duration),
      externalId: v.optional(text),
      policy: v.optional(text),
      policyArns: v.optional(v.array(text)),
      sessionName: v.optional(v.pipe(v.string(), v.regex(/^[\w+=,.@-]{2,64}$/, 'must be 2 to 64 letters, digits or +=,.@-_'))),
      tags: v.optional(v.record(text, v.string())),
      transitiveTagKeys: v.optional(v.array(text)),
    }),
  ),
  mfaCode: v.optional(textOrSecret),
  mfaSerial: v.optional(text),
  instanceMetadata: v.optional(v.boolean()),
  endpoint: v.optional(url),
  insecureTls: v.optional(v.boolean()),
  maxAttempts: v.optional(v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'))),
  decodeErrors: v.optional(v.boolean()),
})

/** The schemas of {@link AwsPlace}, to be spread into a `v.strictObject`. */
export const placeEntries: Readonly<Record<'region' | 'access', v.GenericSchema>> = {
  region: v.optional(region),
  access: v.optional(accessSchema),
}

/** What options of access mean together. */
export function accessIssues(access: AwsAccess | undefined): readonly Issue[] {
  if (typeof access !== 'object') return []
  const issues: Issue[] = []
  const sources = (['profile', 'keys', 'vault'] as const).filter((source) => access[source] !== undefined)
  const [first, ...others] = sources
  for (const other of others) {
    issues.push({ path: ['access', other], message: `cannot stand beside '${first}'`, hint: 'keys come from one place' })
  }
  if (access.mfaCode !== undefined && access.profile === undefined && access.assumeRole === undefined) {
    issues.push({
      path: ['access', 'mfaCode'],
      message: "needs a 'profile' or an 'assumeRole' beside it",
      hint: 'keys alone ask for no code',
    })
  }
  if (access.mfaCode !== undefined && access.assumeRole !== undefined && access.profile === undefined && access.mfaSerial === undefined) {
    issues.push({
      path: ['access', 'mfaSerial'],
      message: "is required beside 'mfaCode' and 'assumeRole'",
      hint: 'the ARN of the MFA device',
    })
  }
  return issues
}
