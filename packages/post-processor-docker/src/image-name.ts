import { parseImageReference } from '@imago/container-registry'
import { ImagoError, isImagoError } from '@imago/core'
import type { RepositoryTag } from '@imago/docker-engine'
import * as v from 'valibot'

/** A repository, without a tag: `'cow'`, `'localhost:5000/farm/cow'`. */
export const repositorySchema: v.GenericSchema<unknown, string> = v.custom<string>(
  (value) => typeof value === 'string' && parses(`${value}:tag`),
  "must be a repository without a tag, such as 'cow' or 'localhost:5000/farm/cow'",
)
/** A tag: `'1.0'`. */
export const tagSchema: v.GenericSchema<unknown, string> = v.custom<string>(
  (value) => typeof value === 'string' && parses(`image:${value}`),
  "must be a tag: letters, digits, dots, dashes and underscores, such as '1.0'",
)

/** The names that a repository and tags make. Each comes once. */
export function namesOf(repository: string, tags: readonly string[] = ['latest']): readonly string[] {
  return [...new Set(tags)].map((tag) => `${repository}:${tag}`)
}

/**
 * A name in its two parts.
 * @throws ImagoError `DEFINITION_INVALID` for what is no name of an image
 */
export function partsOf(name: string): Required<RepositoryTag> {
  const { tag } = parseImageReference(name)
  if (tag === undefined) throw new ImagoError('DEFINITION_INVALID', `'${name}' is a digest, not a name that can be given`)
  return { repository: name.endsWith(`:${tag}`) ? name.slice(0, -tag.length - 1) : name, tag }
}

function parses(name: string): boolean {
  try {
    return parseImageReference(name).digest === undefined
  } catch (error) {
    if (isImagoError(error)) return false
    throw error
  }
}
