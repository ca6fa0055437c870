import { BlockList, isIP } from 'node:net'

import { apiError } from '../api-error.ts'
import type { IpPermission } from '../aws-sdk.ts'

/**
 * Checks permissions of a security group.
 * @throws ApiError `InvalidParameterValue`, `InvalidPermission.Malformed`, `MissingParameter`
 */
export function checkPermissions(permissions: readonly IpPermission[]): void {
  if (permissions.length === 0) throw apiError('MissingParameter', 'The request must contain the parameter ipPermissions')
  for (const { IpProtocol: protocol, FromPort: from, ToPort: to, IpRanges = [], Ipv6Ranges = [] } of permissions) {
    if (protocol === undefined) throw apiError('MissingParameter', 'The request must contain the parameter ipProtocol')
    for (const { CidrIp: cidr = '' } of IpRanges) checkCidr(cidr, 4)
    for (const { CidrIpv6: cidr = '' } of Ipv6Ranges) checkCidr(cidr, 6)
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== '6' && protocol !== '17') continue
    if (from === undefined || to === undefined || from < 0 || to > 65_535 || from > to) {
      throw apiError('InvalidParameterValue', `Invalid value '${from}-${to}' for portRange. Must be between 0 and 65535.`)
    }
  }
}

function checkCidr(cidr: string, family: 4 | 6): void {
  const [address = '', prefix = ''] = cidr.split('/')
  const isRight = isIP(address) === family && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
  if (!isRight) throw apiError('InvalidParameterValue', `CIDR block ${cidr} is malformed`)
}

/** Each rule of its own: one protocol, one range of ports, one source. */
export function splitPermissions(permissions: readonly IpPermission[]): readonly IpPermission[] {
  return permissions.flatMap(({ IpRanges = [], Ipv6Ranges = [], UserIdGroupPairs = [], PrefixListIds = [], ...ports }) => [
    ...IpRanges.map((range) => ({ ...ports, IpRanges: [range] })),
    ...Ipv6Ranges.map((range) => ({ ...ports, Ipv6Ranges: [range] })),
    ...UserIdGroupPairs.map((pair) => ({ ...ports, UserIdGroupPairs: [pair] })),
    ...PrefixListIds.map((list) => ({ ...ports, PrefixListIds: [list] })),
  ])
}

/** What makes two rules the same: all but their descriptions. */
export function permissionKey({
  IpProtocol,
  FromPort,
  ToPort,
  IpRanges,
  Ipv6Ranges,
  UserIdGroupPairs,
  PrefixListIds,
}: IpPermission): string {
  const sources = [IpRanges?.[0]?.CidrIp, Ipv6Ranges?.[0]?.CidrIpv6, UserIdGroupPairs?.[0]?.GroupId, PrefixListIds?.[0]?.PrefixListId]
  return JSON.stringify([IpProtocol, FromPort, ToPort, ...sources])
}

/** Whether rules let a TCP connection from an address in to a port. */
export function admits(
  permissions: readonly IpPermission[],
  { address, port }: { readonly address: string; readonly port: number },
): boolean {
  const plain = address.replace(/^::ffff:/, '')
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  return permissions.some(({ IpProtocol, FromPort = 0, ToPort = 65_535, IpRanges = [], Ipv6Ranges = [] }) => {
    if (IpProtocol !== '-1' && !((IpProtocol === 'tcp' || IpProtocol === '6') && FromPort <= port && port <= ToPort)) return false
    const sources = new BlockList()
    for (const { CidrIp = '' } of IpRanges) addSubnet(sources, CidrIp, 'ipv4')
    for (const { CidrIpv6 = '' } of Ipv6Ranges) addSubnet(sources, CidrIpv6, 'ipv6')
    return sources.check(plain, family)
  })
}

function addSubnet(list: BlockList, cidr: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', prefix = ''] = cidr.split('/')
  list.addSubnet(address, Number(prefix), family)
}
