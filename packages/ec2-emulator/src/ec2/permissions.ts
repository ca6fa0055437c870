import { apiError } from '../api-error.ts'
import type { CreateVolumePermission, LaunchPermission } from '../aws-sdk.ts'
import type { Permissions } from '../state/region.ts'

/** A request to share something, in the API's older form and in its newer one. */
export interface PermissionRequest {
  readonly OperationType?: 'add' | 'remove' | undefined
  readonly UserIds?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly OrganizationArns?: readonly string[] | undefined
  readonly OrganizationalUnitArns?: readonly string[] | undefined
  readonly added?: readonly LaunchPermission[] | undefined
  readonly removed?: readonly LaunchPermission[] | undefined
}

/** Changes to permissions: `add` decides whether a name is added or removed. */
export interface PermissionChange {
  readonly add: boolean
  readonly kind: keyof Permissions
  readonly name: string
}

/** @throws ApiError `InvalidAMIAttributeItemValue`, `MissingParameter` */
export function permissionChanges(request: PermissionRequest): readonly PermissionChange[] {
  const { OperationType: type, UserIds = [], groups = [], OrganizationArns = [], OrganizationalUnitArns = [] } = request
  const old = [
    ...UserIds.map((UserId) => ({ UserId })),
    ...groups.map((Group) => ({ Group })),
    ...OrganizationArns.map((OrganizationArn) => ({ OrganizationArn })),
    ...OrganizationalUnitArns.map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ]
  if (old.length > 0 && type === undefined) throw apiError('MissingParameter', 'The request must contain the parameter operationType')
  return [
    ...old.map((item) => changeOf(item, type === 'add')),
    ...(request.added ?? []).map((item) => changeOf(item, true)),
    ...(request.removed ?? []).map((item) => changeOf(item, false)),
  ]
}

type PermissionItem = { readonly [Member in keyof LaunchPermission]?: string | undefined }

function changeOf({ UserId, Group, OrganizationArn, OrganizationalUnitArn }: PermissionItem, add: boolean): PermissionChange {
  if (UserId !== undefined) return { add, kind: 'users', name: checked(UserId, /^\d{12}$/, 'userId') }
  if (Group !== undefined) return { add, kind: 'groups', name: checked(Group, /^all$/, 'group') }
  if (OrganizationArn !== undefined) {
    return {
      add,
      kind: 'organizations',
      name: checked(OrganizationArn, /^arn:aws[\w-]*:organizations::\d{12}:organization\/o-\w+$/, 'organizationArn'),
    }
  }
  const arn = OrganizationalUnitArn ?? ''
  return {
    add,
    kind: 'organizationalUnits',
    name: checked(arn, /^arn:aws[\w-]*:organizations::\d{12}:ou\/o-\w+\/ou-[\w-]+$/, 'organizationalUnitArn'),
  }
}

function checked(name: string, pattern: RegExp, type: string): string {
  if (pattern.test(name)) return name
  throw apiError('InvalidAMIAttributeItemValue', `Invalid attribute item value "${name}" for ${type} item type.`)
}

/** Applies changes. */
export function applyPermissions(permissions: Permissions, changes: readonly PermissionChange[]): void {
  for (const { add, kind, name } of changes) {
    if (add) permissions[kind].add(name)
    else permissions[kind].delete(name)
  }
}

/** Permissions as the API lists them. */
export function listPermissions({ users, groups, organizations, organizationalUnits }: Permissions): LaunchPermission[] {
  return [
    ...[...users].map((UserId) => ({ UserId })),
    ...[...groups].map(() => ({ Group: 'all' as const })),
    ...[...organizations].map((OrganizationArn) => ({ OrganizationArn })),
    ...[...organizationalUnits].map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ]
}

/** Those of a snapshot: users and groups. */
export function listVolumePermissions({ users, groups }: Permissions): CreateVolumePermission[] {
  return [...[...users].map((UserId) => ({ UserId })), ...[...groups].map(() => ({ Group: 'all' as const }))]
}
