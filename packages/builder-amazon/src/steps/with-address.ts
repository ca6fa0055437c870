import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import type { InstanceAddress } from '../options/connect.ts'
import { wayInto } from '../options/connect.ts'
import type { Network, Subnet } from './find-network.ts'
import { defaultSubnets } from './find-network.ts'

/**
 * The network without the places where an instance would not have the address that it is to be entered by: AWS tells of that when the
 * instance runs only.
 * @throws ImagoError `DEFINITION_INVALID` when no place is left
 */
export async function withAddress(aws: Aws, network: Network, options: InstanceOptions, call: CallOptions): Promise<Network> {
  const way = wayInto(options.connect)
  if (way === undefined || way.host !== undefined || way.address === 'session-manager') return network
  const { address } = way
  const gives = (subnet: Subnet): boolean => givesAddress(subnet, address, options)
  const named = network.places.filter((place) => place !== undefined)
  const isLeftToAws = named.length < network.places.length
  // where AWS chooses, it chooses of these, and each has a private address as a rule
  const subnets = isLeftToAws && isSpecial(address) ? await defaultSubnets(aws, options, call) : named
  if (subnets.length === 0) return network
  const fitting = subnets.filter(gives)
  if (fitting.length === 0) throw missing(subnets, address)
  if (address === 'public-dns') await checkHostnames(aws, fitting[0]?.vpcId ?? '', call)
  if (fitting.length === subnets.length) return network
  if (isLeftToAws) return { vpcId: fitting[0]?.vpcId, places: fitting, others: () => Promise.resolve([]) }
  return { ...network, places: fitting }
}

/** Whether not every subnet gives such an address. */
function isSpecial(address: InstanceAddress | undefined): boolean {
  return address === 'public-ip' || address === 'public-dns' || address === 'ipv6'
}

function givesAddress({ gives }: Subnet, address: InstanceAddress | undefined, { network }: InstanceOptions): boolean {
  if (address === 'public-ip' || address === 'public-dns') return network?.publicIp ?? gives.publicIpv4
  if (address === 'ipv6') return gives.ipv6
  return gives.ipv4 || address === 'private-dns'
}

function missing(subnets: readonly Subnet[], address: InstanceAddress | undefined): ImagoError {
  const where = `${subnets.length === 1 ? 'the subnet' : 'each of the subnets'} ${subnets.map(({ id }) => id).join(', ')}`
  if (address === 'ipv6') {
    return new ImagoError('DEFINITION_INVALID', `an instance in ${where} gets no IPv6 address`, {
      hint: 'let the subnet assign them (assignIpv6AddressOnCreation), or connect by another address',
    })
  }
  if (!isSpecial(address)) {
    return new ImagoError('DEFINITION_INVALID', `an instance in ${where} has an IPv6 address only`, {
      hint: "connect: { address: 'ipv6' }",
    })
  }
  return new ImagoError('DEFINITION_INVALID', `an instance in ${where} gets no public address`, {
    hint: "let it have one (network: { publicIp: true }), take another subnet, or connect by another: address: 'private-ip'",
  })
}

/** A public address has a name only where the VPC gives names. Who may not ask finds out later. */
async function checkHostnames(aws: Aws, vpcId: string, call: CallOptions): Promise<void> {
  try {
    const { EnableDnsHostnames } = await aws.call('DescribeVpcAttribute', { VpcId: vpcId, Attribute: 'enableDnsHostnames' }, call)
    if (EnableDnsHostnames?.Value !== false) return
  } catch (error) {
    if (hasAwsCode(error, ['UnauthorizedOperation'])) return
    throw error
  }
  throw new ImagoError('DEFINITION_INVALID', `the VPC ${vpcId} gives its instances no public names`, {
    hint: "enable its DNS hostnames, or connect by the address: 'public-ip'",
  })
}
