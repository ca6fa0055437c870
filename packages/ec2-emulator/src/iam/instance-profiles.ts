import { apiError } from '../api-error.ts'
import type { IamOperations } from '../operation.ts'
import { newEntity, profileView, tagList } from './iam-entities.ts'
import type { InstanceProfile } from './iam-state.ts'
import { checkName } from './roles.ts'

/** Instance profiles. */
export const instanceProfileOperations: IamOperations<
  | 'CreateInstanceProfile'
  | 'GetInstanceProfile'
  | 'ListInstanceProfiles'
  | 'DeleteInstanceProfile'
  | 'AddRoleToInstanceProfile'
  | 'RemoveRoleFromInstanceProfile'
  | 'ListInstanceProfileTags'
> = {
  CreateInstanceProfile: {
    check({ InstanceProfileName: name = '' }, { world }) {
      checkName(name, 'instanceProfileName', 128)
      if (world.iam.profiles.has(name)) throw apiError('EntityAlreadyExists', `Instance Profile ${name} already exists.`)
    },
    run({ InstanceProfileName: name = '', Path: path, Tags }, call) {
      const entity = newEntity({ kind: 'instance-profile', prefix: 'AIPA', name, path, tags: Tags }, call)
      const profile: InstanceProfile = { ...entity, role: undefined }
      call.world.iam.profiles.set(name, profile)
      return { InstanceProfile: profileView(profile, call) }
    },
  },
  GetInstanceProfile: {
    run: ({ InstanceProfileName }, call) => ({
      InstanceProfile: profileView(call.world.iam.requireInstanceProfile(InstanceProfileName, call.now), call),
    }),
  },
  ListInstanceProfiles: {
    run({ PathPrefix = '/' }, call) {
      const profiles = [...call.world.iam.profiles.values()].filter(({ path }) => path.startsWith(PathPrefix))
      return { InstanceProfiles: profiles.map((profile) => profileView(profile, call)), IsTruncated: false }
    },
  },
  DeleteInstanceProfile: {
    check({ InstanceProfileName }, { world, now }) {
      const { role } = world.iam.requireInstanceProfile(InstanceProfileName, now)
      if (role !== undefined) throw apiError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.')
    },
    run({ InstanceProfileName = '' }, { world }) {
      world.iam.profiles.delete(InstanceProfileName)
      return {}
    },
  },
  AddRoleToInstanceProfile: {
    check({ InstanceProfileName, RoleName }, { world, now }) {
      const { role } = world.iam.requireInstanceProfile(InstanceProfileName, now)
      world.iam.requireRole(RoleName, now)
      if (role !== undefined) throw apiError('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409)
    },
    run({ InstanceProfileName, RoleName }, { world, now }) {
      world.iam.requireInstanceProfile(InstanceProfileName, now).role = RoleName
      return {}
    },
  },
  RemoveRoleFromInstanceProfile: {
    run({ InstanceProfileName, RoleName }, { world, now }) {
      const profile = world.iam.requireInstanceProfile(InstanceProfileName, now)
      world.iam.requireRole(RoleName, now)
      if (profile.role !== RoleName) throw apiError('NoSuchEntity', `The role ${RoleName} is not in the instance profile ${profile.name}.`)
      profile.role = undefined
      return {}
    },
  },
  ListInstanceProfileTags: {
    run: ({ InstanceProfileName }, { world, now }) => ({
      Tags: tagList(world.iam.requireInstanceProfile(InstanceProfileName, now).tags),
      IsTruncated: false,
    }),
  },
}
