import { apiError } from '../api-error.ts'
import type { SecurityGroup, Subnet } from '../aws-sdk.ts'
import type { Call } from '../operation.ts'
import type { InstanceResource } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { newId } from '../state/world.ts'
import { isOffered } from './instance-type-catalog.ts'
import { requireInstanceType } from './instance-types.ts'
import type { LaunchRequest } from './launch-request.ts'
import { defaultVpc } from './security-groups.ts'

/** Where an instance is put. */
export interface LaunchNetwork {
  readonly subnet: Resource<Subnet>
  readonly hasPublicAddress: boolean
  /** Writes it into the instance's data. */
  attach(instance: InstanceResource): void
}

/**
 * Chooses zone, subnet and security groups of an instance.
 * @throws ApiError when they are not there, or do not go together
 */
export function chooseNetwork(request: LaunchRequest, call: Call): LaunchNetwork {
  const { world, now } = call
  const [nic, ...more] = request.NetworkInterfaces ?? []
  if (more.length > 0) throw apiError('NotImplemented', 'This emulator gives an instance one network interface')
  if (nic !== undefined && (request.SubnetId ?? request.SecurityGroupIds ?? request.SecurityGroups) !== undefined) {
    throw apiError(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    )
  }
  if (nic?.NetworkInterfaceId !== undefined)
    throw apiError('NotImplemented', 'This emulator makes network interfaces with their instances only')
  const subnet = chooseSubnet(request, nic?.SubnetId ?? request.SubnetId, call)
  const vpc = subnet.data.VpcId ?? ''
  const groups = chooseGroups({ ids: nic?.Groups ?? request.SecurityGroupIds, names: request.SecurityGroups, vpc }, call)
  const hasPublicAddress = nic?.AssociatePublicIpAddress ?? subnet.data.MapPublicIpOnLaunch ?? false
  return {
    subnet,
    hasPublicAddress,
    attach(instance) {
      const SecurityGroups = groups.map(({ id, data }) => ({ GroupId: id, GroupName: data.GroupName }))
      const { Tenancy = 'default', HostId, HostResourceGroupArn, GroupName = '', Affinity } = request.Placement ?? {}
      Object.assign(instance.data, {
        SubnetId: subnet.id,
        VpcId: vpc,
        SecurityGroups,
        SourceDestCheck: true,
        Placement: { AvailabilityZone: subnet.data.AvailabilityZone, Tenancy, HostId, HostResourceGroupArn, GroupName, Affinity },
        NetworkInterfaces: [
          {
            NetworkInterfaceId: newId('eni-'),
            SubnetId: subnet.id,
            VpcId: vpc,
            OwnerId: world.account,
            Status: 'in-use',
            Groups: SecurityGroups,
            SourceDestCheck: true,
            InterfaceType: 'interface',
            Attachment: {
              AttachmentId: newId('eni-attach-'),
              DeviceIndex: 0,
              Status: 'attached',
              AttachTime: new Date(now),
              DeleteOnTermination: nic?.DeleteOnTermination ?? true,
            },
            Description: nic?.Description ?? '',
          },
        ],
      })
    },
  }
}

function chooseSubnet({ Placement, InstanceType }: LaunchRequest, id: string | undefined, { region, now }: Call): Resource<Subnet> {
  const type = requireInstanceType(InstanceType ?? '')
  const zone = Placement?.AvailabilityZone
  if (zone !== undefined && !region.zones.includes(zone)) {
    throw apiError('InvalidParameterValue', `Invalid availability zone: [${zone}]`)
  }
  const subnet = id === undefined ? defaultSubnet() : region.subnets.require(id, now)
  const { AvailabilityZone = '' } = subnet.data
  if (zone !== undefined && zone !== AvailabilityZone) {
    throw apiError('InvalidParameterValue', `The availability zone '${zone}' is not that of subnet '${subnet.id}': '${AvailabilityZone}'`)
  }
  if (!isOffered(type, AvailabilityZone, region.zones)) {
    const offered = region.zones.filter((name) => isOffered(type, name, region.zones)).join(', ')
    throw apiError(
      'Unsupported',
      `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${AvailabilityZone}). Please retry your request by not specifying an Availability Zone or choosing ${offered}.`,
    )
  }
  return subnet

  function defaultSubnet(): Resource<Subnet> {
    const found = region.subnets.all().find(({ data }) => {
      const { DefaultForAz, AvailabilityZone: place = '' } = data
      return DefaultForAz === true && (zone === undefined ? isOffered(type, place, region.zones) : place === zone)
    })
    if (found !== undefined) return found
    throw apiError('MissingInput', `No subnets found for the default VPC '${defaultVpc(region)}'. Please specify a subnet.`)
  }
}

interface GroupChoice {
  readonly ids: readonly string[] | undefined
  readonly names: readonly string[] | undefined
  readonly vpc: string
}

function chooseGroups({ ids = [], names = [], vpc }: GroupChoice, { region, now }: Call): readonly Resource<SecurityGroup>[] {
  const inVpc = region.securityGroups.all().filter(({ data }) => data.VpcId === vpc)
  const named = names.map((name) => {
    const group = inVpc.find(({ data }) => data.GroupName === name)
    if (group === undefined) throw apiError('InvalidGroup.NotFound', `The security group '${name}' does not exist in VPC '${vpc}'`)
    return group
  })
  const byId = ids.map((id) => {
    const group = region.securityGroups.require(id, now)
    if (group.data.VpcId !== vpc) {
      throw apiError('InvalidParameter', `Security group ${id} and the subnet belong to different networks.`)
    }
    return group
  })
  const chosen = [...byId, ...named]
  return chosen.length > 0 ? chosen : inVpc.filter(({ data }) => data.GroupName === 'default')
}
