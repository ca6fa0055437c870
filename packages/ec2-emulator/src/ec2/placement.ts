import { apiError } from '../api-error.ts'
import type { AvailabilityZone, Region as ApiRegion, Subnet, Vpc } from '../aws-sdk.ts'
import type { Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import type { Region } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { unlisted } from '../state/table.ts'

const regionFilters: FilterFields<Resource<ApiRegion>> = {
  'region-name': ({ data }) => data.RegionName,
  endpoint: ({ data }) => data.Endpoint,
  'opt-in-status': ({ data }) => data.OptInStatus,
}

const zoneFilters: FilterFields<Resource<AvailabilityZone>> = {
  'zone-name': ({ data }) => data.ZoneName,
  'zone-id': ({ data }) => data.ZoneId,
  'zone-type': ({ data }) => data.ZoneType,
  'region-name': ({ data }) => data.RegionName,
  state: ({ data }) => data.State,
}

const vpcFilters: FilterFields<Resource<Vpc>> = {
  'vpc-id': ({ id }) => id,
  cidr: ({ data }) => data.CidrBlock,
  'cidr-block': ({ data }) => data.CidrBlock,
  'is-default': ({ data }) => data.IsDefault,
  isDefault: ({ data }) => data.IsDefault,
  'owner-id': ({ data }) => data.OwnerId,
  state: ({ data }) => data.State,
}

const subnetFilters: FilterFields<Resource<Subnet>> = {
  'subnet-id': ({ id }) => id,
  'vpc-id': ({ data }) => data.VpcId,
  'availability-zone': ({ data }) => data.AvailabilityZone,
  availabilityZone: ({ data }) => data.AvailabilityZone,
  'availability-zone-id': ({ data }) => data.AvailabilityZoneId,
  'available-ip-address-count': ({ data }) => data.AvailableIpAddressCount,
  'cidr-block': ({ data }) => data.CidrBlock,
  cidr: ({ data }) => data.CidrBlock,
  'default-for-az': ({ data }) => data.DefaultForAz,
  defaultForAz: ({ data }) => data.DefaultForAz,
  'map-public-ip-on-launch': ({ data }) => data.MapPublicIpOnLaunch,
  'owner-id': ({ data }) => data.OwnerId,
  state: ({ data }) => data.State,
}

/** Where things can be: regions, zones, networks. */
export const placementOperations: Ec2Operations<'DescribeRegions' | 'DescribeAvailabilityZones' | 'DescribeVpcs' | 'DescribeSubnets'> = {
  DescribeRegions: {
    run({ RegionNames = [], Filters }, { world }) {
      const unknown = RegionNames.find((name) => !world.regions.has(name))
      if (unknown !== undefined) throw apiError('InvalidParameterValue', `Invalid region names: [${unknown}]`)
      const all = [...world.regions.keys()].filter((name) => RegionNames.length === 0 || RegionNames.includes(name)).map(apiRegion)
      return { Regions: applyFilters(all.map(unlisted), Filters, regionFilters).map(({ data }) => data) }
    },
  },
  DescribeAvailabilityZones: {
    run({ ZoneNames = [], Filters }, { region }) {
      const unknown = ZoneNames.find((name) => !region.zones.includes(name))
      if (unknown !== undefined) throw apiError('InvalidParameterValue', `Invalid availability zones: [${unknown}]`)
      const zones = apiZones(region).filter(({ ZoneName = '' }) => ZoneNames.length === 0 || ZoneNames.includes(ZoneName))
      return { AvailabilityZones: applyFilters(zones.map(unlisted), Filters, zoneFilters).map(({ data }) => data) }
    },
  },
  DescribeVpcs: {
    run({ VpcIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.vpcs, { ids: VpcIds, filters: Filters, fields: vpcFilters, ...page })
      return { Vpcs: items.map(view), NextToken: nextToken }
    },
  },
  DescribeSubnets: {
    run({ SubnetIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.subnets, { ids: SubnetIds, filters: Filters, fields: subnetFilters, ...page })
      return { Subnets: items.map(view), NextToken: nextToken }
    },
  },
}

function apiRegion(name: string): ApiRegion {
  return { RegionName: name, Endpoint: `ec2.${name}.amazonaws.com`, OptInStatus: 'opt-in-not-required' }
}

function apiZones({ name, zones }: Region): AvailabilityZone[] {
  return zones.map((zone, index) => ({
    ZoneName: zone,
    ZoneId: zoneId(name, index),
    ZoneType: 'availability-zone',
    RegionName: name,
    GroupName: name,
    NetworkBorderGroup: name,
    State: 'available',
    OptInStatus: 'opt-in-not-required',
  }))
}

/** `use1-az1` */
export function zoneId(region: string, index: number): string {
  const [area = '', direction = '', number = ''] = region.split('-')
  return `${area}${direction.replace(/north|south|east|west|central/g, (word) => word.charAt(0))}${number}-az${index + 1}`
}
