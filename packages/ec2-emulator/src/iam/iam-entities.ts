import { randomBytes } from 'node:crypto'

import type { ApiInstanceProfile, ApiRole } from '../aws-sdk.ts'
import type { Call } from '../operation.ts'
import { readTags } from '../state/tags.ts'
import type { IamEntity, InstanceProfile, Role } from './iam-state.ts'

interface NewEntity {
  readonly kind: 'role' | 'instance-profile'
  /** `AROA` */
  readonly prefix: string
  readonly name: string
  readonly path?: string | undefined
  readonly tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined
}

/** A role or profile that does not exist yet. */
export function newEntity({ kind, prefix, name, path = '/', tags = [] }: NewEntity, { world, region, now }: Call): IamEntity {
  return {
    name,
    path,
    arn: `arn:aws:iam::${world.account}:${kind}${path}${name}`,
    id: `${prefix}${randomBytes(10).toString('hex').slice(0, 17).toUpperCase()}`,
    createdAt: new Date(now),
    visibleAt: now + world.invisibleFor(kind, region.name),
    seeded: false,
    tags: readTags(tags.map(({ Key, Value }) => ({ Key, Value }))),
  }
}

/** Tags as the API lists them. */
export function tagList(tags: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }))
}

/** A role as the API shows it. Its trust policy is URL-encoded, as Amazon does it. */
export function roleView({ name, arn, id, path, createdAt, assumeRolePolicy, description, maxSession, tags }: Role): ApiRole {
  return {
    RoleName: name,
    Arn: arn,
    RoleId: id,
    Path: path,
    CreateDate: createdAt,
    AssumeRolePolicyDocument: encodeURIComponent(assumeRolePolicy),
    Description: description,
    MaxSessionDuration: maxSession,
    Tags: tagList(tags),
  }
}

/** A profile as the API shows it. */
export function profileView({ name, arn, id, path, createdAt, role, tags }: InstanceProfile, { world }: Call): ApiInstanceProfile {
  const held = role === undefined ? undefined : world.iam.roles.get(role)
  return {
    InstanceProfileName: name,
    Arn: arn,
    InstanceProfileId: id,
    Path: path,
    CreateDate: createdAt,
    Roles: held === undefined ? [] : [roleView(held)],
    Tags: tagList(tags),
  }
}
