import { apiError } from '../api-error.ts'
import type { Tag, TagSpecification } from '../aws-sdk.ts'

/** The most tags that a thing can have. */
const maxTags = 50

/**
 * Reads tags as a request gives them.
 * @throws ApiError `InvalidParameterValue`, `TagLimitExceeded`
 */
export function readTags(tags: readonly Tag[] | undefined): Map<string, string> {
  const read = new Map<string, string>()
  for (const { Key: key = '', Value: value = '' } of tags ?? []) {
    if (key === '') throw apiError('InvalidParameterValue', 'Tag key cannot be empty')
    if (/^aws:/i.test(key)) throw apiError('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use: '${key}'`)
    if (key.length > 128) throw apiError('InvalidParameterValue', `Tag key exceeds the maximum length of 128 characters: '${key}'`)
    if (value.length > 256) throw apiError('InvalidParameterValue', `Tag value exceeds the maximum length of 256 characters: '${value}'`)
    if (read.has(key)) throw apiError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`)
    read.set(key, value)
  }
  checkTagCount(read)
  return read
}

/** @throws ApiError `TagLimitExceeded` */
export function checkTagCount(tags: ReadonlyMap<string, string>): void {
  if (tags.size > maxTags) throw apiError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
}

/**
 * Reads the tags that an operation gives to what it creates.
 * @param kinds what the operation creates
 * @returns the tags of one kind of thing
 * @throws ApiError `InvalidParameterValue` for any other kind, and for one that is named twice
 */
export function readTagSpecifications(
  specifications: readonly TagSpecification[] | undefined,
  kinds: readonly string[],
): (kind: string) => ReadonlyMap<string, string> {
  const byKind = new Map<string, ReadonlyMap<string, string>>()
  for (const { ResourceType: kind = '', Tags: tags } of specifications ?? []) {
    if (!kinds.includes(kind))
      throw apiError('InvalidParameterValue', `'${kind}' is not a valid taggable resource type for this operation.`)
    if (byKind.has(kind)) throw apiError('InvalidParameterValue', `Duplicate resource type '${kind}' in tag specifications.`)
    byKind.set(kind, readTags(tags))
  }
  return (kind) => byKind.get(kind) ?? new Map<string, string>()
}
