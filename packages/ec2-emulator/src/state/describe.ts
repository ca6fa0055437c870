import type { Filter } from '../aws-sdk.ts'
import type { FilterFields } from './filters.ts'
import { applyFilters } from './filters.ts'
import type { Page, PageRequest } from './pages.ts'
import { paginate } from './pages.ts'
import type { Resource, Table } from './table.ts'
import type { World } from './world.ts'

/** What to look for. */
export interface DescribeRequest<R extends Resource> extends PageRequest {
  readonly ids: readonly string[] | undefined
  readonly filters: readonly Filter[] | undefined
  readonly fields: FilterFields<R>
}

/**
 * Looks for things of a table: those named, or all that can be seen, that pass the filters, in pages.
 * @throws ApiError when one that is named is not there
 */
export function describe<R extends Resource>(world: World, table: Table<R>, request: DescribeRequest<R>): Page<R> {
  const { ids = [], filters, fields } = request
  const now = world.now()
  const named = ids.length === 0 ? world.visible(table) : ids.map((id) => table.require(id, now))
  return paginate(applyFilters(named, filters, fields), request, ids)
}

/** The data of a thing with its tags, as the API answers with it. */
export function view<Data extends object>({ data, tags }: Resource<Data>): Data & { Tags: { Key: string; Value: string }[] } {
  return { ...data, Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) }
}
