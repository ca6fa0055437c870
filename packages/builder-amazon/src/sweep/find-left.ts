import type { FoundResource } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import { describeImages } from '../aws/images.ts'
import { findInstances } from '../aws/instances.ts'
import type { Tags } from '../aws/own.ts'
import { expiryTag, nameTag, ownerTag } from '../aws/own.ts'
import { tagsOf } from '../aws/tags.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import { importTasks } from '../resources/remove-import-task.ts'
import type { KindName } from '../resources/resource-kinds.ts'
import { packageName } from '../resources/resource-kinds.ts'
import { iamPath } from '../steps/instance-profile.ts'

/** Something that bears the tags of a build. */
interface Tagged {
  readonly kind: KindName
  /** As AWS knows it. */
  readonly id: string
  readonly tags: Tags
}

/** How to look for what was left. */
export interface FindOptions extends CallOptions {
  /** Tell what is older than the time that its run gave itself, and nothing else. */
  readonly onlyExpired: boolean
  readonly now: Date
}

/** What builds have left in one region, in the order in which it can be removed. */
export async function findLeft(aws: Aws, options: FindOptions): Promise<readonly FoundResource[]> {
  return toFound(aws, await taggedIn(aws, options), options)
}

/** What builds have left in IAM, which belongs to no region. */
export async function findLeftRoles(aws: Aws, options: FindOptions): Promise<readonly FoundResource[]> {
  return toFound(aws, await taggedRoles(aws, options), options)
}

function toFound(aws: Aws, tagged: readonly Tagged[], { onlyExpired, now }: FindOptions): readonly FoundResource[] {
  return tagged.flatMap(({ kind, id, tags }): FoundResource[] => {
    const {
      'imago.run': runId = '',
      'imago.image': image = '',
      'imago.build': build = '',
      [ownerTag]: owner = '',
      [nameTag]: name = '',
    } = tags
    const isExpired = Date.parse(tags[expiryTag] ?? '') < now.getTime()
    // tags alone prove nothing, for people copy them: the name must be one that the run gives
    if (owner === '' || !name.startsWith(`imago-${runId}-`) || (onlyExpired && !isExpired)) return []
    const record = { runId, image, build, kind, package: packageName, name, id, data: aws.reference }
    return [{ owner, record, ...(onlyExpired && { isExpired }) }]
  })
}

async function taggedIn(aws: Aws, call: CallOptions): Promise<readonly Tagged[]> {
  const filter = { Name: 'tag-key', Values: [ownerTag] }
  const Filters = [filter]
  const [instances, volumes, groups, keys, templates, images, snapshots, imports] = await Promise.all([
    findInstances(aws, filter, call),
    aws.call('DescribeVolumes', { Filters }, call),
    aws.call('DescribeSecurityGroups', { Filters }, call),
    aws.call('DescribeKeyPairs', { Filters }, call),
    aws.call('DescribeLaunchTemplates', { Filters }, call),
    describeImages(aws, { Owners: ['self'], Filters, IncludeDeprecated: true }, call),
    aws.call('DescribeSnapshots', { OwnerIds: ['self'], Filters }, call),
    importTasks(aws, call),
  ])
  return [
    ...list('amazon-instance', instances),
    ...list(
      'amazon-volume',
      (volumes.Volumes ?? []).map((each) => ({ id: each.VolumeId, tags: tagsOf(each.Tags) })),
    ),
    ...list(
      'amazon-security-group',
      (groups.SecurityGroups ?? []).map((each) => ({ id: each.GroupId, tags: tagsOf(each.Tags) })),
    ),
    ...list(
      'amazon-key-pair',
      (keys.KeyPairs ?? []).map((each) => ({ id: each.KeyPairId, tags: tagsOf(each.Tags) })),
    ),
    ...list(
      'amazon-launch-template',
      (templates.LaunchTemplates ?? []).map((each) => ({ id: each.LaunchTemplateId, tags: tagsOf(each.Tags) })),
    ),
    ...list(
      'amazon-import-task', // before the images: that of one which is complete goes with it
      imports
        .filter(({ Status }) => Status === 'active' || Status === 'completed')
        .map((each) => ({ id: each.ImportTaskId, tags: tagsOf(each.Tags) })),
    ),
    ...list('amazon-image', images),
    ...list(
      'amazon-snapshot',
      (snapshots.Snapshots ?? []).map((each) => ({ id: each.SnapshotId, tags: tagsOf(each.Tags) })),
    ),
  ]
}

function list(kind: KindName, found: readonly { readonly id: string | undefined; readonly tags: Tags }[]): Tagged[] {
  return found.flatMap(({ id, tags }) => (id === undefined ? [] : [{ kind, id, tags }]))
}

/** Profiles come before their roles. Who may not look at IAM has not made any. */
async function taggedRoles(aws: Aws, call: CallOptions): Promise<readonly Tagged[]> {
  try {
    const { InstanceProfiles = [] } = await aws.call('ListInstanceProfiles', { PathPrefix: iamPath }, call)
    const { Roles = [] } = await aws.call('ListRoles', { PathPrefix: iamPath }, call)
    const profiles = InstanceProfiles.map(async ({ InstanceProfileName: id = '' }): Promise<Tagged> => {
      const { Tags } = await aws.call('ListInstanceProfileTags', { InstanceProfileName: id }, call)
      return { kind: 'amazon-instance-profile', id, tags: tagsOf(Tags) }
    })
    const roles = Roles.map(async ({ RoleName: id = '' }): Promise<Tagged> => {
      const { Tags } = await aws.call('ListRoleTags', { RoleName: id }, call)
      return { kind: 'amazon-role', id, tags: tagsOf(Tags) }
    })
    return await Promise.all([...profiles, ...roles])
  } catch (error) {
    if (hasAwsCode(error, ['AccessDenied', 'AccessDeniedException']) || isNotFound(error)) return []
    throw error
  }
}
