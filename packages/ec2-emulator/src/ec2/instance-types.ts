import { apiError } from '../api-error.ts'
import type { InstanceTypeInfo, InstanceTypeOffering } from '../aws-sdk.ts'
import type { Ec2Operations } from '../operation.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import type { Resource } from '../state/table.ts'
import { unlisted } from '../state/table.ts'
import type { InstanceTypeFacts } from './instance-type-catalog.ts'
import { instanceTypeCatalog, isOffered } from './instance-type-catalog.ts'
import { zoneId } from './placement.ts'

const offeringFilters: FilterFields<Resource<InstanceTypeOffering>> = {
  'instance-type': ({ data }) => data.InstanceType,
  location: ({ data }) => data.Location,
}

const typeFilters: FilterFields<Resource<InstanceTypeInfo>> = {
  'instance-type': ({ data }) => data.InstanceType,
  'current-generation': ({ data }) => data.CurrentGeneration,
  'burstable-performance-supported': ({ data }) => data.BurstablePerformanceSupported,
  'processor-info.supported-architecture': ({ data }) => data.ProcessorInfo?.SupportedArchitectures,
  'vcpu-info.default-vcpus': ({ data }) => data.VCpuInfo?.DefaultVCpus,
  'memory-info.size-in-mib': ({ data }) => data.MemoryInfo?.SizeInMiB,
}

/** What machines there are, and where. */
export const instanceTypeOperations: Ec2Operations<'DescribeInstanceTypeOfferings' | 'DescribeInstanceTypes'> = {
  DescribeInstanceTypeOfferings: {
    run({ LocationType: type = 'region', Filters, ...page }, { region }) {
      const { name, zones } = region
      const offered = [...instanceTypeCatalog.values()].flatMap((facts): InstanceTypeOffering[] => {
        const InstanceType = facts.name as InstanceTypeOffering['InstanceType'] // the catalogue has names of Amazon's
        const inZones = zones.filter((zone) => isOffered(facts, zone, zones))
        if (type === 'region') return [{ InstanceType, LocationType: type, Location: name }]
        const locations = type === 'availability-zone' ? inZones : inZones.map((zone) => zoneId(name, zones.indexOf(zone)))
        return locations.map((location) => ({ InstanceType, LocationType: type, Location: location }))
      })
      const found = applyFilters(offered.map(unlisted<InstanceTypeOffering>), Filters, offeringFilters)
      const { items, nextToken } = paginate(found, page)
      return { InstanceTypeOfferings: items.map(({ data }) => data), NextToken: nextToken }
    },
  },
  DescribeInstanceTypes: {
    run({ InstanceTypes = [], Filters, ...page }) {
      const named = InstanceTypes.length === 0 ? [...instanceTypeCatalog.values()] : InstanceTypes.map(requireInstanceType)
      const found = applyFilters(named.map(typeInfo).map(unlisted<InstanceTypeInfo>), Filters, typeFilters)
      const { items, nextToken } = paginate(found, page, InstanceTypes)
      return { InstanceTypes: items.map(({ data }) => data), NextToken: nextToken }
    },
  },
}

/** @throws ApiError `InvalidInstanceType` when there is no such type */
export function requireInstanceType(name: string): InstanceTypeFacts {
  const facts = instanceTypeCatalog.get(name)
  if (facts === undefined) throw apiError('InvalidInstanceType', `The following supplied instance types do not exist: [${name}]`)
  return facts
}

function typeInfo({ name, architecture, vcpus, memoryMiB, burstable }: InstanceTypeFacts): InstanceTypeInfo {
  return {
    InstanceType: name as InstanceTypeInfo['InstanceType'], // the catalogue has names of Amazon's
    CurrentGeneration: !name.startsWith('t2.'),
    BareMetal: false,
    Hypervisor: name.startsWith('t2.') ? 'xen' : 'nitro',
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    SupportedBootModes: architecture === 'arm64' ? ['uefi'] : ['legacy-bios', 'uefi'],
    ProcessorInfo: { SupportedArchitectures: [architecture] },
    VCpuInfo: { DefaultVCpus: vcpus },
    MemoryInfo: { SizeInMiB: memoryMiB },
    BurstablePerformanceSupported: burstable,
    NetworkInfo: { EnaSupport: name.startsWith('t2.') ? 'unsupported' : 'required' },
  }
}
