import { apiError } from '../api-error.ts'
import type { TagDescription } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import { tableNames } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { unlisted } from '../state/table.ts'
import { checkTagCount, readTags } from '../state/tags.ts'

const filters: FilterFields<Resource<TagDescription>> = {
  key: ({ data }) => data.Key,
  value: ({ data }) => data.Value,
  'resource-id': ({ data }) => data.ResourceId,
  'resource-type': ({ data }) => data.ResourceType,
}

/** Tags of whatever exists. */
export const taggingOperations: Ec2Operations<'CreateTags' | 'DeleteTags' | 'DescribeTags'> = {
  CreateTags: {
    check({ Resources = [], Tags }, call) {
      const tags = readTags(Tags)
      for (const resource of findAll(Resources, call)) checkTagCount(new Map([...resource.tags, ...tags]))
    },
    run({ Resources = [], Tags }, call) {
      const tags = readTags(Tags)
      for (const resource of findAll(Resources, call)) for (const [key, value] of tags) resource.tags.set(key, value)
      return {}
    },
  },
  DeleteTags: {
    check: ({ Resources = [] }, call) => void findAll(Resources, call),
    run({ Resources = [], Tags }, call) {
      for (const { tags } of findAll(Resources, call)) {
        if (Tags === undefined) tags.clear()
        for (const { Key = '', Value } of Tags ?? []) if (Value === undefined || tags.get(Key) === Value) tags.delete(Key)
      }
      return {}
    },
  },
  DescribeTags: {
    run({ Filters, ...page }, { world, region }) {
      const all = tableNames.flatMap((name) => {
        const { kind } = region[name].names
        const rows: readonly Resource[] = world.visible<Resource>(region[name])
        return rows.flatMap(({ id, tags }) =>
          [...tags].map(([Key, Value]) => described({ Key, Value, ResourceId: id, ResourceType: kind })),
        )
      })
      const { items, nextToken } = paginate(applyFilters(all, Filters, filters), page)
      return { Tags: items.map(({ data }) => data), NextToken: nextToken }
    },
  },
}

function findAll(ids: readonly string[], { region, now }: Call): readonly Resource[] {
  return ids.map((id) => {
    const table = tableNames.map((name) => region[name]).find(({ names }) => id.startsWith(names.prefix))
    if (table === undefined) throw apiError('InvalidID', `The ID '${id}' is not valid`)
    return table.require(id, now)
  })
}

function described(data: {
  readonly Key: string
  readonly Value: string
  readonly ResourceId: string
  readonly ResourceType: string
}): Resource<TagDescription> {
  const ResourceType = data.ResourceType as TagDescription['ResourceType'] // the tables' kinds are Amazon's
  return unlisted({ ...data, ResourceType })
}
