import type { ResourceKind } from '@imago/core'

import type { Aws, AwsReference } from '../aws/aws.ts'
import { removeImage, removeSnapshot } from './remove-image.ts'
import { cancelImport } from './remove-import-task.ts'
import { removeInstance, removeKeyPair, removeLaunchTemplate, removeSecurityGroup, removeVolume } from './remove-instance.ts'
import type { Remove } from './removal.ts'
import { removeProfile, removeRole } from './remove-profile.ts'
import { removeObject } from './remove-object.ts'
import { endSession } from './remove-session.ts'

/** A kind of thing that builds create at AWS. */
export type KindName =
  | 'amazon-instance'
  | 'amazon-volume'
  | 'amazon-security-group'
  | 'amazon-key-pair'
  | 'amazon-launch-template'
  | 'amazon-instance-profile'
  | 'amazon-role'
  | 'amazon-image'
  | 'amazon-snapshot'
  | 'amazon-object'
  | 'amazon-session'
  | 'amazon-import-task'

const removers: Readonly<Record<KindName, Remove>> = {
  'amazon-instance': removeInstance,
  'amazon-volume': removeVolume,
  'amazon-security-group': removeSecurityGroup,
  'amazon-key-pair': removeKeyPair,
  'amazon-launch-template': removeLaunchTemplate,
  'amazon-instance-profile': removeProfile,
  'amazon-role': removeRole,
  'amazon-image': removeImage,
  'amazon-snapshot': removeSnapshot,
  'amazon-object': removeObject,
  'amazon-session': endSession,
  'amazon-import-task': cancelImport,
}

/** All of them. */
export const kindNames: readonly KindName[] = Object.keys(removers) as KindName[] // an object of that type

/** The package that `imago sweep` loads to remove them. */
export const packageName = '@imago/builder-amazon'

/** A kind as the runner and `imago sweep` know it. @param connect finds the account and the region that a journal names */
export function resourceKind(kind: KindName, connect: (reference: AwsReference) => Promise<Aws>): ResourceKind<AwsReference> {
  return {
    kind,
    package: packageName,
    destroy: async ({ id, name, data }, signal) => removers[kind](await connect(data), { id, name }, signal),
  }
}
