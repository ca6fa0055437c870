import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws } from '../aws/aws.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import { untilKnown } from '../aws/poll.ts'
import { tagsOf, tagSpecifications } from '../aws/tags.ts'
import type { Tags } from '../aws/own.ts'
import type { Job } from '../job.ts'
import { sshConnect } from '../options/connect.ts'
import type { SecurityGroupFilter } from '../options/network.ts'
import { filterList } from '../options/text.ts'
import { acquire } from '../resources/acquire.ts'
import { callerAddresses } from './caller-address.ts'

/** The groups of the instance: those of the options, or one of the build's own, which lets in only who is to connect. */
export async function securityGroups(
  job: Job,
  options: InstanceOptions,
  vpcId: string | undefined,
  tags: Tags,
): Promise<readonly string[]> {
  const { aws, ctx } = job
  const given = options.network?.securityGroups
  if (given !== undefined) return isFilter(given) ? await findGroups(aws, given, vpcId, ctx.signal) : given
  const connect = sshConnect(options.connect)
  const isOpen = connect !== undefined && connect.address !== 'session-manager'
  const sources = isOpen ? await allowedSources(job, options) : []
  const name = job.own.name('group')
  const { value: groupId } = await acquire(aws, ctx, {
    kind: 'amazon-security-group',
    name,
    create: (signal) => createGroup(job, { name, vpcId, tags }, signal),
    id: (id) => id,
  })
  if (isOpen) await allow(job, groupId, sources, connect.port ?? 22)
  return [groupId]
}

async function allowedSources({ aws, ctx }: Job, { network, connect }: InstanceOptions): Promise<readonly string[]> {
  const { allowFrom = 'caller' } = network ?? {}
  return typeof allowFrom === 'string' ? await callerAddresses(sshConnect(connect)?.address, aws.endpoint, ctx.signal) : allowFrom
}

interface NewGroup {
  readonly name: string
  readonly vpcId: string | undefined
  readonly tags: Tags
}

/** A group of that name is ours when its tags say so: the answer of the first attempt was lost. */
async function createGroup({ aws, own }: Job, { name, vpcId, tags }: NewGroup, signal: AbortSignal): Promise<string> {
  try {
    const { GroupId = '' } = await aws.call(
      'CreateSecurityGroup',
      {
        GroupName: name,
        Description: 'Lets the one who builds an image into its instance',
        ...(vpcId !== undefined && { VpcId: vpcId }),
        TagSpecifications: tagSpecifications({ 'security-group': own.tags(name, tags) }),
      },
      { signal },
    )
    return GroupId
  } catch (error) {
    if (!hasAwsCode(error, ['InvalidGroup.Duplicate'])) throw error
    const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: filterList({ 'group-name': name }) }, { signal })
    const found = SecurityGroups.find(({ Tags }) => own.isOwn(tagsOf(Tags)))
    if (found?.GroupId === undefined) throw error
    return found.GroupId
  }
}

async function allow({ aws, ctx, polling }: Job, groupId: string, sources: readonly string[], port: number): Promise<void> {
  const ipv6 = sources.filter((source) => source.includes(':'))
  const ipv4 = sources.filter((source) => !source.includes(':'))
  const permission = {
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    ...(ipv4.length > 0 && { IpRanges: ipv4.map((CidrIp) => ({ CidrIp })) }),
    ...(ipv6.length > 0 && { Ipv6Ranges: ipv6.map((CidrIpv6) => ({ CidrIpv6 })) }),
  }
  const authorize = async (): Promise<void> => {
    try {
      await aws.call('AuthorizeSecurityGroupIngress', { GroupId: groupId, IpPermissions: [permission] }, ctx)
    } catch (error) {
      if (!hasAwsCode(error, ['InvalidPermission.Duplicate'])) throw error // the answer of the first attempt was lost
    }
  }
  await untilKnown(authorize, { isEarly: isNotFound, signal: ctx.signal, pace: polling.pace })
}

async function findGroups(
  aws: Aws,
  { filters }: SecurityGroupFilter,
  vpcId: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = { ...filters, ...(vpcId !== undefined && { 'vpc-id': vpcId }) }
  const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: filterList(all) }, { signal })
  const ids = SecurityGroups.flatMap(({ GroupId }) => (GroupId === undefined ? [] : [GroupId]))
  if (ids.length > 0) return ids
  throw new ImagoError('DEFINITION_INVALID', `no security group in ${aws.region} fits network.securityGroups: ${JSON.stringify(all)}`)
}

function isFilter(groups: readonly string[] | SecurityGroupFilter): groups is SecurityGroupFilter {
  return 'filters' in groups
}
