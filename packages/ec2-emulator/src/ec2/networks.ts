import { apiError } from '../api-error.ts'
import type { NetworkInterface } from '../aws-sdk.ts'
import type { Ec2Operations } from '../operation.ts'
import { view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import type { InstanceResource } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { unlisted } from '../state/table.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { stateOf } from './instance-lifecycle.ts'
import { zoneId } from './placement.ts'

const interfaceFilters: FilterFields<Resource<NetworkInterface>> = {
  'network-interface-id': ({ data }) => data.NetworkInterfaceId,
  'attachment.instance-id': ({ data }) => data.Attachment?.InstanceId,
  'group-id': ({ data }) => data.Groups?.map(({ GroupId }) => GroupId),
  'subnet-id': ({ data }) => data.SubnetId,
  'vpc-id': ({ data }) => data.VpcId,
  'private-ip-address': ({ data }) => data.PrivateIpAddress,
  status: ({ data }) => data.Status,
}

/** Networks of one's own, for tests that need more than the default one. */
export const networkOperations: Ec2Operations<
  | 'CreateVpc'
  | 'DeleteVpc'
  | 'DescribeVpcAttribute'
  | 'ModifyVpcAttribute'
  | 'CreateSubnet'
  | 'DeleteSubnet'
  | 'ModifySubnetAttribute'
  | 'DescribeNetworkInterfaces'
> = {
  CreateVpc: {
    check({ CidrBlock: cidr = '', TagSpecifications }) {
      readTagSpecifications(TagSpecifications, ['vpc'])
      if (!/^\d+\.\d+\.\d+\.\d+\/(?:1[6-9]|2[0-8])$/.test(cidr)) throw apiError('InvalidVpc.Range', `The CIDR '${cidr}' is invalid.`)
    },
    run({ CidrBlock, TagSpecifications }, { world, region }) {
      const tags = readTagSpecifications(TagSpecifications, ['vpc'])('vpc')
      const data = { CidrBlock, IsDefault: false, State: 'available' as const, OwnerId: world.account, InstanceTenancy: 'default' as const }
      const vpc = world.create(region, region.vpcs.names, { data, tags })
      Object.assign(vpc.data, { VpcId: vpc.id })
      region.vpcs.add({ ...vpc, dns: { support: true, hostnames: false } })
      const group = world.create(region, region.securityGroups.names, {
        seeded: true, // it goes with its VPC
        data: {
          GroupName: 'default',
          Description: 'default VPC security group',
          VpcId: vpc.id,
          OwnerId: world.account,
          IpPermissions: [],
          IpPermissionsEgress: [],
        },
      })
      region.securityGroups.add(Object.assign(group, { data: { ...group.data, GroupId: group.id } }))
      return { Vpc: view(vpc) }
    },
  },
  DeleteVpc: {
    check({ VpcId = '' }, { region, now }) {
      region.vpcs.require(VpcId, now)
      const isUsed =
        region.subnets.all().some(({ data }) => data.VpcId === VpcId) ||
        region.securityGroups.all().some(({ data }) => data.VpcId === VpcId && data.GroupName !== 'default')
      if (isUsed) throw apiError('DependencyViolation', `The vpc '${VpcId}' has dependencies and cannot be deleted.`)
    },
    run({ VpcId = '' }, { region }) {
      region.vpcs.remove(VpcId)
      for (const { id, data } of region.securityGroups.all()) if (data.VpcId === VpcId) region.securityGroups.remove(id)
      return {}
    },
  },
  DescribeVpcAttribute: {
    run({ VpcId = '', Attribute }, { region, now }) {
      const { support, hostnames } = region.vpcs.require(VpcId, now).dns
      if (Attribute === 'enableDnsHostnames') return { VpcId, EnableDnsHostnames: { Value: hostnames } }
      if (Attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: support } }
      throw apiError('NotImplemented', `This emulator does not describe the attribute ${Attribute} of a VPC`)
    },
  },
  ModifyVpcAttribute: {
    check({ VpcId = '', EnableDnsHostnames, EnableDnsSupport }, { region, now }) {
      region.vpcs.require(VpcId, now)
      if ((EnableDnsHostnames ?? EnableDnsSupport) === undefined) {
        throw apiError('NotImplemented', 'This emulator changes only DNS hostnames and DNS support of a VPC')
      }
    },
    run({ VpcId = '', EnableDnsHostnames, EnableDnsSupport }, { region, now }) {
      const { dns } = region.vpcs.require(VpcId, now)
      dns.hostnames = EnableDnsHostnames?.Value ?? dns.hostnames
      dns.support = EnableDnsSupport?.Value ?? dns.support
      return {}
    },
  },
  CreateSubnet: {
    check({ VpcId = '', AvailabilityZone, TagSpecifications }, { region, now }) {
      region.vpcs.require(VpcId, now)
      readTagSpecifications(TagSpecifications, ['subnet'])
      if (AvailabilityZone === undefined || region.zones.includes(AvailabilityZone)) return
      throw apiError('InvalidParameterValue', `Value (${AvailabilityZone}) for parameter availabilityZone is invalid.`)
    },
    run({ VpcId, CidrBlock = '', AvailabilityZone, TagSpecifications }, { world, region }) {
      const zone = AvailabilityZone ?? region.zones[0] ?? ''
      const size = 2 ** (32 - Number(CidrBlock.split('/')[1]))
      const subnet = world.create(region, region.subnets.names, {
        tags: readTagSpecifications(TagSpecifications, ['subnet'])('subnet'),
        data: {
          VpcId,
          CidrBlock,
          AvailabilityZone: zone,
          AvailabilityZoneId: zoneId(region.name, region.zones.indexOf(zone)),
          AvailableIpAddressCount: size - 5,
          DefaultForAz: false,
          MapPublicIpOnLaunch: false,
          State: 'available' as const,
          OwnerId: world.account,
        },
      })
      Object.assign(subnet.data, { SubnetId: subnet.id })
      return { Subnet: view(region.subnets.add(subnet)) }
    },
  },
  DeleteSubnet: {
    check({ SubnetId = '' }, { region, now }) {
      region.subnets.require(SubnetId, now)
      const isUsed = region.instances.all().some((instance) => instance.data.SubnetId === SubnetId && stateOf(instance) !== 'terminated')
      if (isUsed) throw apiError('DependencyViolation', `The subnet '${SubnetId}' has dependencies and cannot be deleted.`)
    },
    run({ SubnetId = '' }, { region }) {
      region.subnets.remove(SubnetId)
      return {}
    },
  },
  ModifySubnetAttribute: {
    run({ SubnetId = '', MapPublicIpOnLaunch }, { region, now }) {
      const { data } = region.subnets.require(SubnetId, now)
      if (MapPublicIpOnLaunch?.Value !== undefined) data.MapPublicIpOnLaunch = MapPublicIpOnLaunch.Value
      return {}
    },
  },
  DescribeNetworkInterfaces: {
    run({ NetworkInterfaceIds = [], Filters, ...page }, { region }) {
      const all = region.instances.all().flatMap(interfacesOf)
      const missing = NetworkInterfaceIds.find((id) => !all.some(({ data }) => data.NetworkInterfaceId === id))
      if (missing !== undefined) throw apiError('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${missing}' does not exist`)
      const named = all.filter(
        ({ data }) => NetworkInterfaceIds.length === 0 || NetworkInterfaceIds.includes(data.NetworkInterfaceId ?? ''),
      )
      const { items, nextToken } = paginate(applyFilters(named, Filters, interfaceFilters), page, NetworkInterfaceIds)
      return { NetworkInterfaces: items.map(({ data }) => data), NextToken: nextToken }
    },
  },
}

/** Interfaces exist with their instances. */
function interfacesOf({ id, data, interfaceTags }: InstanceResource): readonly Resource<NetworkInterface>[] {
  return (data.NetworkInterfaces ?? []).map((nic) => {
    const TagSet = [...interfaceTags].map(([Key, Value]) => ({ Key, Value }))
    const { NetworkInterfaceId, SubnetId, VpcId, OwnerId, Status, Groups, PrivateIpAddress, MacAddress, Description, Attachment } = nic
    return {
      ...unlisted<NetworkInterface>({
        NetworkInterfaceId,
        SubnetId,
        VpcId,
        OwnerId,
        Status,
        Groups,
        PrivateIpAddress,
        MacAddress,
        Description,
        TagSet,
        InterfaceType: 'interface',
        AvailabilityZone: data.Placement?.AvailabilityZone,
        Attachment: { ...Attachment, InstanceId: id, InstanceOwnerId: OwnerId },
      }),
      tags: new Map(interfaceTags),
    }
  })
}
