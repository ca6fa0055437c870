import type { Aws } from '../aws/aws.ts'
import { isNotFound } from '../aws/aws-error.ts'
import type { Removal } from './removal.ts'
import { unlessGone, whenUnused } from './removal.ts'

/** Deletes an instance profile, after taking the roles out of it. Its name is the build's own. */
export async function removeProfile(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  const roles = await orNone(async () => {
    const { InstanceProfile } = await aws.call('GetInstanceProfile', { InstanceProfileName: name }, { signal })
    return (InstanceProfile?.Roles ?? []).map(({ RoleName = '' }) => RoleName)
  })
  for (const role of roles) {
    await unlessGone(() => aws.call('RemoveRoleFromInstanceProfile', { InstanceProfileName: name, RoleName: role }, { signal }))
  }
  await whenUnused(
    () => aws.call('DeleteInstanceProfile', { InstanceProfileName: name }, { signal }),
    ['DeleteConflict', 'DeleteConflictException'],
    signal,
  )
}

/** Deletes a role, after its policies. Its name is the build's own. */
export async function removeRole(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  const policies = await orNone(async () => (await aws.call('ListRolePolicies', { RoleName: name }, { signal })).PolicyNames ?? [])
  for (const policy of policies) await unlessGone(() => aws.call('DeleteRolePolicy', { RoleName: name, PolicyName: policy }, { signal }))
  await whenUnused(() => aws.call('DeleteRole', { RoleName: name }, { signal }), ['DeleteConflict', 'DeleteConflictException'], signal)
}

async function orNone(list: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await list()
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}
