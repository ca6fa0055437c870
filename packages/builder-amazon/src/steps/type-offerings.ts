import type { Issue } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import { filterList } from '../options/text.ts'

/** The zones of a region that have an instance type, by the type. */
export type TypeOfferings = ReadonlyMap<string, ReadonlySet<string>>

/** Which of the instance types a region has, and where. */
export async function typeOfferings(aws: Aws, types: readonly string[], call: CallOptions): Promise<TypeOfferings> {
  const query = { LocationType: 'availability-zone', Filters: filterList({ 'instance-type': types }) } as const
  const { InstanceTypeOfferings = [] } = await aws.call('DescribeInstanceTypeOfferings', query, call)
  const zones = new Map<string, Set<string>>()
  for (const { InstanceType = '', Location = '' } of InstanceTypeOfferings) {
    zones.set(InstanceType, (zones.get(InstanceType) ?? new Set()).add(Location))
  }
  return zones
}

/** The types of an instance that none of its zones has, or, where any zone will do, the region. */
export function typeIssues(
  { instanceType }: Pick<InstanceOptions, 'instanceType'>,
  offerings: TypeOfferings,
  { region, zones }: { readonly region: string; readonly zones: readonly string[] },
): readonly Issue[] {
  const types = typeof instanceType === 'string' ? [instanceType] : instanceType
  return types.flatMap((type, index): readonly Issue[] => {
    const has = offerings.get(type) ?? new Set<string>()
    if (zones.length === 0 ? has.size > 0 : zones.some((zone) => has.has(zone))) return []
    const where = has.size === 0 || zones.length === 0 ? region : [...new Set(zones)].join(' and ')
    const hint =
      has.size === 0 ? 'take another type, or another region' : `${[...has].toSorted((a, b) => (a < b ? -1 : 1)).join(', ')} have it`
    const path = typeof instanceType === 'string' ? ['instanceType'] : ['instanceType', index]
    return [{ path, message: `${where} offers no '${type}'`, hint }]
  })
}
