import type { ArtifactReference } from '@imago/core'
import { isArtifactReference, optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { AmiArtifact } from '../ami-artifact.ts'
import type { FilterOptions } from './text.ts'
import { filtersSchema, idOf } from './text.ts'

/** Which images to look among. Packer: `source_ami_filter`. */
export interface AmiFilter {
  /** Whose images: account ids, `'self'`, `'amazon'`, `'aws-marketplace'`. Anybody may give an image any name. Packer: `owners`. */
  readonly owners: readonly string[]
  /** The image's name; `*` and `?` stand for anything. */
  readonly name?: string
  /** `'x86_64'`, `'arm64'`. */
  readonly architecture?: string
  /** Any filters of EC2's `DescribeImages`, such as `{ 'tag:team': 'cows' }`. Packer: `filters`. */
  readonly filters?: FilterOptions
  /** Of several images that fit take the newest; `false` makes several an error. Packer: `most_recent`, whose default is false. @default true */
  readonly mostRecent?: boolean
  /** Also images that their owner has deprecated. Packer: `include_deprecated`. @default false */
  readonly includeDeprecated?: boolean
}

/** An AMI whose id stands in the Parameter Store: `/aws/service/debian/release/12/latest/amd64`. */
export interface AmiParameter {
  /** The parameter's name. */
  readonly parameter: string
}

/** Where a build starts: an id, the AMI that another build makes, an id in the Parameter Store, or the image that a filter finds. Packer: `source_ami`. */
export type SourceAmi = string | ArtifactReference<AmiArtifact> | AmiParameter | AmiFilter

const owner = v.pipe(
  v.string(),
  v.regex(
    /^(?:\d{12}|self|amazon|aws-marketplace|aws-backup-vault)$/,
    "must be an account id of 12 digits, 'self', 'amazon' or 'aws-marketplace'",
  ),
)

/** The schemas of {@link AmiFilter}. */
export const amiFilterEntries: Readonly<Record<keyof AmiFilter, v.GenericSchema>> = {
  owners: v.pipe(v.array(owner), v.minLength(1, 'must name an owner: anybody may give an image any name')),
  name: v.optional(optionSchema.text),
  architecture: v.optional(v.picklist(['x86_64', 'arm64', 'i386', 'x86_64_mac', 'arm64_mac'])),
  filters: v.optional(filtersSchema),
  mostRecent: v.optional(v.boolean()),
  includeDeprecated: v.optional(v.boolean()),
}
const filterSchema = v.pipe(
  v.strictObject(amiFilterEntries),
  v.check(({ name, filters }) => name !== undefined || filters !== undefined, "must say which images: a 'name', or 'filters'"),
)
const parameterSchema = v.strictObject({
  parameter: v.pipe(
    v.string(),
    v.regex(
      /^(?:arn:[\w-]+:ssm:.+|[\w./-]+(?::[\w.-]+)?)$/,
      "must be a parameter's name, such as '/aws/service/debian/release/12/latest/amd64'",
    ),
  ),
})
const amiId = idOf('ami')
const neither = v.custom(() => false, "must be an AMI's id, a filter with 'owners' and 'name', a 'parameter', or artifactOf()")

/** The schema of {@link SourceAmi}. */
export const sourceAmiSchema: v.GenericSchema = v.lazy((value): v.GenericSchema => {
  if (typeof value === 'string') return amiId
  if (isArtifactReference(value)) return optionSchema.artifactReference('amazon-ami')
  if (typeof value !== 'object' || value === null) return neither
  return 'parameter' in value ? parameterSchema : filterSchema
})
