import * as v from 'valibot'

import { connectAws } from '../aws/connect.ts'
import type { AwsPlace } from '../options/access.ts'
import { placeEntries } from '../options/access.ts'
import type { AmiFilter } from '../options/source-ami.ts'
import { amiFilterEntries } from '../options/source-ami.ts'
import { findByFilter } from '../steps/find-source.ts'
import type { DataOptions } from './check-query.ts'
import { checkQuery, signalOf } from './check-query.ts'

/** Which image, and where. */
export interface AmiQuery extends AmiFilter, AwsPlace {}

/** An image that was found. */
export interface FoundAmi {
  /** `ami-…` */
  readonly id: string
  readonly name: string
  readonly region: string
  /** Account id. */
  readonly owner: string
  /** `'amazon'` and the like, or empty. */
  readonly ownerAlias: string
  /** ISO 8601. */
  readonly creationDate: string
  readonly architecture: string
  readonly tags: Readonly<Record<string, string>>
}

const schema = v.strictObject({ ...placeEntries, ...amiFilterEntries })

/**
 * Finds an image, as `sourceAmi` does: for whatever else in a definition depends on it. An image file awaits it.
 * @throws ImagoError `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED`, `DEFINITION_INVALID` for a wrong question
 * @example const base = await findAmi({ region: 'us-west-2', owners: ['136693071363'], name: 'debian-12-amd64-*' })
 */
export async function findAmi(query: AmiQuery, options: DataOptions = {}): Promise<FoundAmi> {
  checkQuery('findAmi', schema, query)
  const aws = await connectAws(query)
  const image = await findByFilter(aws, query, { signal: signalOf(options) })
  const { id, name, ownerId, ownerAlias, creationDate, architecture, tags } = image
  return { id, name, region: aws.region, owner: ownerId, ownerAlias, creationDate, architecture, tags }
}
