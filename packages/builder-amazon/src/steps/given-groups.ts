import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import type { ConnectOptions } from '../options/connect.ts'
import { wayInto } from '../options/connect.ts'
import type { SecurityGroupFilter } from '../options/network.ts'
import { filterList } from '../options/text.ts'
import { callerAddresses } from './caller-address.ts'

/**
 * The groups that the options name.
 * @param vpcId of the instance; `undefined` for the default VPC
 * @throws ImagoError `DEFINITION_INVALID` when there are none, or they are in another VPC
 */
export async function givenGroups(
  aws: Aws,
  given: readonly string[] | SecurityGroupFilter,
  vpcId: string | undefined,
  call: CallOptions,
): Promise<readonly string[]> {
  return isFilter(given) ? await findGroups(aws, given, vpcId, call) : await checkGroups(aws, given, vpcId, call)
}

async function findGroups(
  aws: Aws,
  { filters }: SecurityGroupFilter,
  vpcId: string | undefined,
  call: CallOptions,
): Promise<readonly string[]> {
  const all = { ...filters, ...(vpcId !== undefined && { 'vpc-id': vpcId }) }
  const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: filterList(all) }, call)
  const ids = SecurityGroups.flatMap(({ GroupId }) => (GroupId === undefined ? [] : [GroupId]))
  if (ids.length > 0) return ids
  throw new ImagoError('DEFINITION_INVALID', `no security group in ${aws.region} fits ${JSON.stringify(all)}`)
}

async function checkGroups(aws: Aws, ids: readonly string[], vpcId: string | undefined, call: CallOptions): Promise<readonly string[]> {
  const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: filterList({ 'group-id': ids }) }, call)
  for (const id of ids) {
    const group = SecurityGroups.find(({ GroupId }) => GroupId === id)
    if (group === undefined) throw new ImagoError('DEFINITION_INVALID', `there is no security group '${id}' in ${aws.region}`)
    if (vpcId !== undefined && group.VpcId !== vpcId) {
      throw new ImagoError(
        'DEFINITION_INVALID',
        `the security group '${id}' is in ${group.VpcId ?? 'no VPC'}, and the instance in ${vpcId}`,
      )
    }
  }
  return ids
}

/** Whether somebody connects to a port of the instance. */
export function isEntered(connect: ConnectOptions | undefined): boolean {
  const way = wayInto(connect)
  return way !== undefined && way.address !== 'session-manager'
}

/** Whom the build's own group is to let in. */
export async function allowedSources(
  { endpoint }: Aws,
  { network, connect }: InstanceOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { allowFrom = 'caller' } = network ?? {}
  return typeof allowFrom === 'string' ? await callerAddresses(wayInto(connect)?.address, endpoint, signal) : allowFrom
}

function isFilter(groups: readonly string[] | SecurityGroupFilter): groups is SecurityGroupFilter {
  return 'filters' in groups
}
