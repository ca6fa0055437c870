import type { ResourceType, TagSpecification } from './aws-sdk.ts'
import type { Tags } from './own.ts'

/** A tag as AWS answers it. */
interface AwsTag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** Tags as AWS answers them, by their keys. */
export function tagsOf(tags: readonly AwsTag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
}

/** Tags as requests hold them. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** Tags of things that a request creates, by their kinds. */
export function tagSpecifications(tags: { readonly [K in ResourceType]?: Tags }): TagSpecification[] {
  return Object.entries(tags).map(([type, each]) => ({ ResourceType: type as ResourceType, Tags: tagList(each) })) // the keys are of that type
}

/** A filter of a request. */
export interface Filter {
  Name: string
  Values: string[]
}

/** A filter for things with a tag. */
export function tagFilter(key: string, ...values: readonly string[]): Filter {
  return { Name: `tag:${key}`, Values: [...values] }
}
