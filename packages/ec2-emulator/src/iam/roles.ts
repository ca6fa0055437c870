import { apiError } from '../api-error.ts'
import type { IamOperations } from '../operation.ts'
import { newEntity, profileView, roleView, tagList } from './iam-entities.ts'

/** Roles and their policies. */
export const roleOperations: IamOperations<
  | 'CreateRole'
  | 'GetRole'
  | 'ListRoles'
  | 'DeleteRole'
  | 'PutRolePolicy'
  | 'GetRolePolicy'
  | 'ListRolePolicies'
  | 'DeleteRolePolicy'
  | 'AttachRolePolicy'
  | 'DetachRolePolicy'
  | 'ListAttachedRolePolicies'
  | 'ListInstanceProfilesForRole'
  | 'ListRoleTags'
> = {
  CreateRole: {
    check({ RoleName: name = '', AssumeRolePolicyDocument: policy = '' }, { world }) {
      checkName(name, 'roleName', 64)
      checkPolicy(policy)
      if (world.iam.roles.has(name)) throw apiError('EntityAlreadyExists', `Role with name ${name} already exists.`)
    },
    run(
      { RoleName: name = '', AssumeRolePolicyDocument = '', Description: description, Path: path, MaxSessionDuration = 3600, Tags },
      call,
    ) {
      const entity = newEntity({ kind: 'role', prefix: 'AROA', name, path, tags: Tags }, call)
      const parts = { assumeRolePolicy: AssumeRolePolicyDocument, description, maxSession: MaxSessionDuration }
      const role = { ...entity, ...parts, policies: new Map<string, string>(), attached: new Set<string>() }
      call.world.iam.roles.set(name, role)
      return { Role: roleView(role) }
    },
  },
  GetRole: { run: ({ RoleName }, { world, now }) => ({ Role: roleView(world.iam.requireRole(RoleName, now)) }) },
  ListRoles: {
    run({ PathPrefix = '/' }, { world }) {
      const roles = [...world.iam.roles.values()].filter(({ path }) => path.startsWith(PathPrefix))
      return { Roles: roles.map(roleView), IsTruncated: false }
    },
  },
  DeleteRole: {
    check({ RoleName }, { world, now }) {
      const { name, policies, attached } = world.iam.requireRole(RoleName, now)
      if ([...world.iam.profiles.values()].some(({ role }) => role === name)) {
        throw apiError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.')
      }
      if (attached.size > 0) throw apiError('DeleteConflict', 'Cannot delete entity, must detach all policies first.')
      if (policies.size > 0) throw apiError('DeleteConflict', 'Cannot delete entity, must delete policies first.')
    },
    run({ RoleName = '' }, { world }) {
      world.iam.roles.delete(RoleName)
      return {}
    },
  },
  PutRolePolicy: {
    check({ RoleName, PolicyName = '', PolicyDocument = '' }, { world, now }) {
      world.iam.requireRole(RoleName, now)
      checkName(PolicyName, 'policyName', 128)
      checkPolicy(PolicyDocument)
    },
    run({ RoleName, PolicyName = '', PolicyDocument = '' }, { world, now }) {
      world.iam.requireRole(RoleName, now).policies.set(PolicyName, PolicyDocument)
      return {}
    },
  },
  GetRolePolicy: {
    run({ RoleName, PolicyName = '' }, { world, now }) {
      const { name, policies } = world.iam.requireRole(RoleName, now)
      const document = policies.get(PolicyName)
      if (document === undefined) throw noPolicy(PolicyName)
      return { RoleName: name, PolicyName, PolicyDocument: encodeURIComponent(document) }
    },
  },
  ListRolePolicies: {
    run: ({ RoleName }, { world, now }) => ({ PolicyNames: [...world.iam.requireRole(RoleName, now).policies.keys()], IsTruncated: false }),
  },
  DeleteRolePolicy: {
    run({ RoleName, PolicyName = '' }, { world, now }) {
      if (!world.iam.requireRole(RoleName, now).policies.delete(PolicyName)) throw noPolicy(PolicyName)
      return {}
    },
  },
  AttachRolePolicy: {
    run({ RoleName, PolicyArn = '' }, { world, now }) {
      world.iam.requireRole(RoleName, now).attached.add(PolicyArn)
      return {}
    },
  },
  DetachRolePolicy: {
    run({ RoleName, PolicyArn = '' }, { world, now }) {
      if (!world.iam.requireRole(RoleName, now).attached.delete(PolicyArn)) throw noPolicy(PolicyArn)
      return {}
    },
  },
  ListAttachedRolePolicies: {
    run({ RoleName }, { world, now }) {
      const { attached } = world.iam.requireRole(RoleName, now)
      const AttachedPolicies = [...attached].map((PolicyArn) => ({ PolicyArn, PolicyName: PolicyArn.split('/').at(-1) }))
      return { AttachedPolicies, IsTruncated: false }
    },
  },
  ListInstanceProfilesForRole: {
    run({ RoleName }, call) {
      const { iam } = call.world
      const { name } = iam.requireRole(RoleName, call.now)
      const profiles = [...iam.profiles.values()].filter(({ role }) => role === name)
      return { InstanceProfiles: profiles.map((profile) => profileView(profile, call)), IsTruncated: false }
    },
  },
  ListRoleTags: {
    run: ({ RoleName }, { world, now }) => ({ Tags: tagList(world.iam.requireRole(RoleName, now).tags), IsTruncated: false }),
  },
}

function noPolicy(name: string): Error {
  return apiError('NoSuchEntity', `The role policy with name ${name} cannot be found.`)
}

/** @throws ApiError `ValidationError` */
export function checkName(name: string, parameter: string, longest: number): void {
  if (/^[\w+=,.@-]+$/.test(name) && name.length <= longest) return
  throw apiError(
    'ValidationError',
    `The specified value for ${parameter} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_- and be at most ${longest} long`,
  )
}

/** @throws ApiError `MalformedPolicyDocument` */
function checkPolicy(document: string): void {
  const policy = parsed(document)
  const isPolicy = typeof policy === 'object' && policy !== null && 'Statement' in policy
  if (!isPolicy) throw apiError('MalformedPolicyDocument', 'Syntax errors in policy.')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
