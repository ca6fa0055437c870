import { randomInt } from 'node:crypto'

import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import type { SubnetDescription } from '../aws/aws-sdk.ts'
import type { NetworkOptions, SubnetFilter, VpcFilter } from '../options/network.ts'
import { filterList } from '../options/text.ts'
import { typesOf } from './launch-request.ts'

/** A place in the network. */
export interface Subnet {
  readonly id: string
  readonly vpcId: string
  readonly zone: string
  readonly free: number
  /** Which addresses an instance gets there that asks for none. */
  readonly gives: { readonly ipv4: boolean; readonly publicIpv4: boolean; readonly ipv6: boolean }
}

/** Where an instance may be, the best place first; `undefined` leaves the choice to AWS. */
export interface Network {
  /** `undefined` means the account's default VPC. */
  readonly vpcId: string | undefined
  readonly places: readonly (Subnet | undefined)[]
  /** More places, to be looked for only when those have no capacity. */
  readonly others: () => Promise<readonly Subnet[]>
}

/** Finds where the instance goes. Asks AWS only where the options leave it open. */
export async function findNetwork(aws: Aws, options: InstanceOptions, call: CallOptions): Promise<Network> {
  const { network = {} } = options
  const { subnet, vpc, publicIp, availabilityZone } = network
  const types = typesOf(options)
  const offered = async (subnets: readonly Subnet[]): Promise<readonly Subnet[]> => withType(aws, subnets, types, call)
  if (subnet !== undefined) return fixed(await chosenSubnets(aws, subnet, network, call))
  if (vpc !== undefined || publicIp !== undefined) {
    const vpcId = vpc === undefined ? await defaultVpc(aws, call) : await vpcIdOf(aws, vpc, call)
    const subnets = await offered(await describeSubnets(aws, { ...zoneFilter(availabilityZone), 'vpc-id': vpcId }, call))
    if (subnets.length > 0) return fixed(subnets)
    throw new ImagoError(
      'DEFINITION_INVALID',
      `the VPC ${vpcId} has no subnet${availabilityZone === undefined ? '' : ` in ${availabilityZone}`} for ${types.join(', ')}`,
    )
  }
  return {
    vpcId: undefined,
    places: [undefined],
    others: async () => (availabilityZone === undefined ? await defaultSubnets(aws, options, call) : []),
  }
}

/** The subnets of which AWS chooses one where the options leave it open. */
export async function defaultSubnets(aws: Aws, options: InstanceOptions, call: CallOptions): Promise<readonly Subnet[]> {
  const filters = { 'default-for-az': 'true', ...zoneFilter(options.network?.availabilityZone) }
  return await withType(aws, await describeSubnets(aws, filters, call), typesOf(options), call)
}

function fixed(subnets: readonly Subnet[]): Network {
  return { vpcId: subnets[0]?.vpcId, places: subnets, others: () => Promise.resolve([]) }
}

async function chosenSubnets(
  aws: Aws,
  subnet: string | SubnetFilter,
  network: NetworkOptions,
  call: CallOptions,
): Promise<readonly Subnet[]> {
  const vpcId = network.vpc === undefined ? undefined : await vpcIdOf(aws, network.vpc, call)
  const given = typeof subnet === 'string' ? { 'subnet-id': subnet } : subnet.filters
  const filters = { ...given, ...zoneFilter(network.availabilityZone), ...(vpcId !== undefined && { 'vpc-id': vpcId }) }
  const subnets = await describeSubnets(aws, filters, call)
  const pick = typeof subnet === 'string' ? 'only' : (subnet.pick ?? 'mostFree')
  if (subnets.length === 0) throw new ImagoError('DEFINITION_INVALID', `no subnet in ${aws.region} has ${described(filters)}`)
  if (pick === 'only' && subnets.length > 1) {
    throw new ImagoError('DEFINITION_INVALID', `${subnets.length} subnets in ${aws.region} have ${described(filters)}`, {
      hint: "narrow the filters, or let one be picked: pick: 'mostFree'",
    })
  }
  if (pick !== 'random') return subnets
  const at = randomInt(subnets.length)
  return [...subnets.slice(at), ...subnets.slice(0, at)]
}

/** The subnets that fit, the one with the most free addresses first. */
async function describeSubnets(aws: Aws, filters: SubnetFilter['filters'], call: CallOptions): Promise<readonly Subnet[]> {
  const { Subnets = [] } = await aws.call('DescribeSubnets', { Filters: filterList({ state: 'available', ...filters }) }, call)
  return Subnets.map(toSubnet).toSorted((a, b) => b.free - a.free)
}

function toSubnet(found: SubnetDescription): Subnet {
  const { Ipv6Native = false, MapPublicIpOnLaunch = false, AssignIpv6AddressOnCreation = false } = found
  return {
    id: found.SubnetId ?? '',
    vpcId: found.VpcId ?? '',
    zone: found.AvailabilityZone ?? '',
    free: found.AvailableIpAddressCount ?? 0,
    gives: {
      ipv4: !Ipv6Native,
      publicIpv4: MapPublicIpOnLaunch && !Ipv6Native,
      ipv6: AssignIpv6AddressOnCreation || Ipv6Native,
    },
  }
}

/** The subnets in zones that have one of the instance types. */
async function withType(aws: Aws, subnets: readonly Subnet[], types: readonly string[], call: CallOptions): Promise<readonly Subnet[]> {
  if (subnets.length < 2) return subnets
  const query = { LocationType: 'availability-zone', Filters: filterList({ 'instance-type': types }) } as const
  const { InstanceTypeOfferings = [] } = await aws.call('DescribeInstanceTypeOfferings', query, call)
  const zones = new Set(InstanceTypeOfferings.map(({ Location }) => Location))
  return subnets.filter(({ zone }) => zones.has(zone))
}

async function vpcIdOf(aws: Aws, vpc: string | VpcFilter, call: CallOptions): Promise<string> {
  if (typeof vpc === 'string') return vpc
  const { Vpcs = [] } = await aws.call('DescribeVpcs', { Filters: filterList({ state: 'available', ...vpc.filters }) }, call)
  const [first, second] = Vpcs
  if (first?.VpcId !== undefined && second === undefined) return first.VpcId
  throw new ImagoError('DEFINITION_INVALID', `${Vpcs.length} VPCs in ${aws.region} have ${described(vpc.filters)}, and it must be one`)
}

async function defaultVpc(aws: Aws, call: CallOptions): Promise<string> {
  const { Vpcs = [] } = await aws.call('DescribeVpcs', { Filters: filterList({ 'is-default': 'true' }) }, call)
  const id = Vpcs[0]?.VpcId
  if (id !== undefined) return id
  throw new ImagoError('DEFINITION_INVALID', `the account has no default VPC in ${aws.region}`, { hint: 'name a subnet: network.subnet' })
}

function zoneFilter(zone: string | undefined): SubnetFilter['filters'] {
  return zone === undefined ? {} : { 'availability-zone': zone }
}

function described(filters: SubnetFilter['filters']): string {
  return Object.entries(filters)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ')
}
