import { expect, test } from 'vitest'

import type { IpPermission } from '../aws-sdk.ts'
import { admits, checkPermissions } from './ip-permissions.ts'

const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
const office: IpPermission = { ...ssh, IpRanges: [{ CidrIp: '10.1.0.0/16' }], Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] }
const all: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '127.0.0.1/32' }] }

test.each<[boolean, IpPermission, string, number]>([
  [true, office, '10.1.2.3', 22],
  [true, office, '::ffff:10.1.2.3', 22],
  [true, office, '2001:db8::7', 22],
  [false, office, '10.2.0.1', 22],
  [false, office, '10.1.2.3', 23],
  [true, all, '127.0.0.1', 8080],
  [false, all, '127.0.0.2', 8080],
  [false, { ...office, IpProtocol: 'udp' }, '10.1.2.3', 22],
  [true, { IpProtocol: '6', FromPort: 0, ToPort: 65_535, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }, '203.0.113.9', 443],
])('%s: %j, from %s to %i', (isAdmitted, permission, address, port) => {
  expect(admits([permission], { address, port })).toBe(isAdmitted)
})

test.each<[string, IpPermission]>([
  ['CIDR block 10.1.0.0/33 is malformed', { ...ssh, IpRanges: [{ CidrIp: '10.1.0.0/33' }] }],
  ['CIDR block 10.1.0.0 is malformed', { ...ssh, IpRanges: [{ CidrIp: '10.1.0.0' }] }],
  ["Invalid value '23-22'", { IpProtocol: 'tcp', FromPort: 23, ToPort: 22 }],
  ['must contain the parameter ipProtocol', { FromPort: 22, ToPort: 22 }],
])('refused: %s', (message, permission) => {
  expect(() => checkPermissions([permission])).toThrow(message)
})
