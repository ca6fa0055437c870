import type { Aws } from '../aws/aws.ts'
import { isNotFound } from '../aws/aws-error.ts'
import type { InstanceState } from '../aws/instances.ts'
import { describeInstance, findInstances } from '../aws/instances.ts'
import { nameTag } from '../aws/own.ts'
import { poll } from '../aws/poll.ts'
import { tagFilter } from '../aws/tags.ts'
import type { Removal } from './removal.ts'
import { idsOf, removalPace, unlessGone, whenUnused } from './removal.ts'

/** Ends an instance and waits until it has, then deletes the volumes that did not go with it. */
export async function removeInstance(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> => (await findInstances(aws, tagFilter(nameTag, removal.name), { signal })).map(({ id }) => id)
  const ids = await idsOf(removal, find, signal)
  await Promise.all(ids.map(async (id) => terminate(aws, id, signal)))
  const { Volumes = [] } = await aws.call('DescribeVolumes', { Filters: [tagFilter(nameTag, removal.name)] }, { signal })
  await Promise.all(Volumes.map(async ({ VolumeId = '' }) => deleteVolume(aws, VolumeId, signal)))
}

async function terminate(aws: Aws, id: string, signal: AbortSignal): Promise<void> {
  await unlessGone(() => aws.call('TerminateInstances', { InstanceIds: [id] }, { signal }))
  await poll<InstanceState>({
    what: `instance ${id} to be gone`,
    signal,
    timeoutMs: 600_000,
    pace: removalPace,
    look: () => stateOf(aws, id, signal),
    isDone: (state) => state === 'terminated',
  })
}

/** One that AWS does not know any more has been gone for long. */
async function stateOf(aws: Aws, id: string, signal: AbortSignal): Promise<InstanceState> {
  try {
    return (await describeInstance(aws, id, { signal }))?.state ?? 'terminated'
  } catch (error) {
    if (isNotFound(error)) return 'terminated'
    throw error
  }
}

/** Deletes a volume that a build has made. */
export async function removeVolume(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> => {
    const { Volumes = [] } = await aws.call('DescribeVolumes', { Filters: [tagFilter(nameTag, removal.name)] }, { signal })
    return Volumes.map(({ VolumeId = '' }) => VolumeId)
  }
  for (const id of await idsOf(removal, find, signal)) await deleteVolume(aws, id, signal)
}

async function deleteVolume(aws: Aws, id: string, signal: AbortSignal): Promise<void> {
  await whenUnused(() => aws.call('DeleteVolume', { VolumeId: id }, { signal }), ['VolumeInUse', 'IncorrectState'], signal)
}

/** Deletes a security group, as soon as no instance uses it. */
export async function removeSecurityGroup(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> => {
    const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', { Filters: [tagFilter(nameTag, removal.name)] }, { signal })
    return SecurityGroups.map(({ GroupId = '' }) => GroupId)
  }
  for (const id of await idsOf(removal, find, signal)) {
    await whenUnused(
      () => aws.call('DeleteSecurityGroup', { GroupId: id }, { signal }),
      ['DependencyViolation', 'InvalidGroup.InUse'],
      signal,
    )
  }
}

/** Deletes a key pair. Its name is the build's own. */
export async function removeKeyPair(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  await unlessGone(() => aws.call('DeleteKeyPair', { KeyName: name }, { signal }))
}

/** Deletes a launch template. Its name is the build's own. */
export async function removeLaunchTemplate(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  await unlessGone(() => aws.call('DeleteLaunchTemplate', { LaunchTemplateName: name }, { signal }))
}
