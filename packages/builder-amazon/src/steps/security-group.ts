import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import { untilKnown } from '../aws/poll.ts'
import { tagsOf, tagSpecifications } from '../aws/tags.ts'
import type { Tags } from '../aws/own.ts'
import type { Named } from '../aws/taken-name.ts'
import { withTakenName } from '../aws/taken-name.ts'
import type { Job } from '../job.ts'
import { portOf, wayInto } from '../options/connect.ts'
import { filterList } from '../options/text.ts'
import { acquire } from '../resources/acquire.ts'
import type { Ground } from './find-ground.ts'

/** The groups of the instance: those of the options, or one of the build's own, which lets in only who is to connect. */
export async function securityGroups(job: Job, options: InstanceOptions, ground: Ground, tags: Tags): Promise<readonly string[]> {
  const { aws, ctx } = job
  const { groups, sources, network } = ground
  if (groups !== undefined) return groups
  const name = job.own.name('group')
  const { value: groupId } = await acquire(aws, ctx, {
    kind: 'amazon-security-group',
    name,
    create: (signal) => createGroup(job, { name, vpcId: network.vpcId, tags }, signal),
    id: (id) => id,
  })
  const way = wayInto(options.connect)
  if (sources.length > 0 && way !== undefined) await allow(job, groupId, sources, portOf(way))
  return [groupId]
}

interface NewGroup {
  readonly name: string
  readonly vpcId: string | undefined
  readonly tags: Tags
}

/** A group of that name is ours when its tags say so: the answer of the first attempt was lost. */
async function createGroup(job: Job, { name, vpcId, tags }: NewGroup, signal: AbortSignal): Promise<string> {
  const { aws, own } = job
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
    const list = async (): Promise<Named[]> => {
      const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: filterList({ 'group-name': name }) }, { signal })
      return SecurityGroups.map(({ GroupId: id = '', Tags }) => ({ id, tags: tagsOf(Tags) }))
    }
    const found = await withTakenName(job, list, signal)
    if (found?.isOwn !== true) throw error
    return found.id
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
