import type { FromFacts, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { AwsPlace } from '../options/access.ts'
import { accessIssues, placeEntries } from '../options/access.ts'
import type { AmiBase, Deprecation } from '../options/ami.ts'
import { amiEntries, amiIssues } from '../options/ami.ts'
import { kmsKeySchema } from '../options/block-device.ts'
import type { PollingOptions } from '../options/polling.ts'
import { pollingSchema } from '../options/polling.ts'
import type { UsedKey } from '../options/used-keys.ts'
import { keyIssues, usedKey, usedKeys } from '../options/used-keys.ts'

/** What AWS imports. */
export type ImportFormat = 'ova' | 'raw' | 'vhd' | 'vhdx' | 'vmdk'

/** The AMI that an import makes. */
export type ImportAmiOptions = ImportAmiBase & Deprecation

/** What such an AMI has beside its deprecation. */
export interface ImportAmiBase extends Omit<
  AmiBase,
  | 'name'
  | 'blockDevices'
  | 'enaSupport'
  | 'sriovNetSupport'
  | 'fastLaunch'
  | 'forceDeregister'
  | 'forceDeleteSnapshots'
  | 'skipBuildRegion'
  | 'skipLaunchTags'
> {
  /** As for `amazonEbs`. AWS names imported images itself, so that a name means a copy. Packer: `ami_name`. @default the one that AWS gives, `import-ami-…` */
  readonly name?: AmiBase['name']
}

/** What {@link amazonImport} takes beside the common options. */
export interface AmazonImportOptions extends AwsPlace {
  /** The bucket that the disk is uploaded to, in the same region. Packer: `s3_bucket_name`. */
  readonly bucket: string
  /** Its key there. Packer: `s3_key_name`. @default `imago/<run>/<image>-<build>.<format>` */
  readonly key?: FromFacts<string>
  /** How the object is encrypted in the bucket. Packer: `s3_encryption`, `s3_encryption_key`. @default as the bucket says */
  readonly objectEncryption?: 'AES256' | { readonly kmsKey: string }
  /** Leave the object in the bucket. Packer: `skip_clean`. @default false */
  readonly keepObject?: boolean
  /** The disk's format. Packer: `format`. @default what the file's name says: `.ova`, `.raw`, `.img`, `.vhd`, `.vhdx`, `.vmdk` */
  readonly format?: ImportFormat
  /** Packer: `architecture`. @default x86_64 */
  readonly architecture?: 'x86_64' | 'arm64' | 'i386'
  /** Packer: `boot_mode`. @default as AWS finds it */
  readonly bootMode?: 'legacy-bios' | 'uefi'
  /** Packer: `platform`. @default as AWS finds it */
  readonly platform?: 'linux' | 'windows'
  /** Packer: `license_type`. @default as AWS finds it */
  readonly licenseType?: 'AWS' | 'BYOL'
  /** The role that lets AWS read the bucket. Packer: `role_name`. @default vmimport */
  readonly roleName?: string
  /** Packer: the options that begin with `ami_`. */
  readonly ami?: ImportAmiOptions
  readonly polling?: PollingOptions
}

const importAmiEntries: Readonly<Record<keyof ImportAmiOptions, v.GenericSchema>> = {
  name: v.optional(amiEntries.name),
  description: amiEntries.description,
  tags: amiEntries.tags,
  snapshotTags: amiEntries.snapshotTags,
  regions: amiEntries.regions,
  encrypt: amiEntries.encrypt,
  kmsKey: amiEntries.kmsKey,
  shareWith: amiEntries.shareWith,
  shareSnapshotsWith: amiEntries.shareSnapshotsWith,
  productCodes: amiEntries.productCodes,
  deprecateAt: amiEntries.deprecateAt,
  deprecateAfter: amiEntries.deprecateAfter,
  deregistrationProtection: amiEntries.deregistrationProtection,
  imdsSupport: amiEntries.imdsSupport,
  snapshotCopyMinutes: amiEntries.snapshotCopyMinutes,
  skipRegionCheck: amiEntries.skipRegionCheck,
}

const schema = v.strictObject({
  ...placeEntries,
  bucket: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket: 3 to 63 small letters, digits, dots and dashes'),
  ),
  key: v.optional(
    optionSchema.fromFacts<string>(
      v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(1024, 'must be 1024 characters at most')),
    ),
  ),
  objectEncryption: v.optional(v.union([v.literal('AES256'), v.strictObject({ kmsKey: kmsKeySchema })])),
  keepObject: v.optional(v.boolean()),
  format: v.optional(v.picklist(['ova', 'raw', 'vhd', 'vhdx', 'vmdk'])),
  architecture: v.optional(v.picklist(['x86_64', 'arm64', 'i386'])),
  bootMode: v.optional(v.picklist(['legacy-bios', 'uefi'])),
  platform: v.optional(v.picklist(['linux', 'windows'])),
  licenseType: v.optional(v.picklist(['AWS', 'BYOL'])),
  roleName: v.optional(v.pipe(v.string(), v.regex(/^[\w+=,.@-]{1,64}$/, 'must be the name of a role, not its ARN'))),
  ami: v.optional(v.strictObject(importAmiEntries)),
  polling: v.optional(pollingSchema),
})

/** Every problem of the options of `amazonImport()`, at once. */
export function amazonImportIssues(options: AmazonImportOptions): readonly Issue[] {
  const issues = optionSchema.schemaIssues(schema, options)
  if (issues.length > 0) return issues
  return [
    ...accessIssues(options.access),
    ...(options.ami === undefined ? [] : amiIssues({ name: 'imported', ...options.ami }, options.region)),
    ...keyIssues(importKeys(options, options.region)),
  ]
}

/** The keys of KMS that the options name, for the AMI and for the object. */
export function importKeys({ ami, objectEncryption }: AmazonImportOptions, region: string | undefined): readonly UsedKey[] {
  const key = typeof objectEncryption === 'object' ? objectEncryption.kmsKey : undefined
  return [...usedKeys({ ami: ami ?? false }, region), ...usedKey(key, { path: ['objectEncryption', 'kmsKey'], region, isShared: false })]
}
