import { apiError } from '../api-error.ts'
import type { Ec2Api } from '../aws-sdk.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { SnapshotResource } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import type { PermissionChange } from './permissions.ts'
import { applyPermissions, listVolumePermissions, permissionChanges } from './permissions.ts'
import { finishSnapshot, takeSnapshot } from './snapshot-creation.ts'

/** Sharing and copying snapshots. */
export const snapshotAttributeOperations: Ec2Operations<
  'ModifySnapshotAttribute' | 'DescribeSnapshotAttribute' | 'ResetSnapshotAttribute' | 'CopySnapshot'
> = {
  ModifySnapshotAttribute: {
    check(input, call) {
      const { data } = requireOwn(input.SnapshotId, call)
      const shares = volumeChanges(input).filter(({ add }) => add)
      if (shares.length === 0 || data.Encrypted !== true) return
      if (shares.some(({ kind }) => kind === 'groups'))
        throw apiError('InvalidParameterValue', 'Encrypted snapshots cannot be shared publicly')
      if (data.KmsKeyId !== encryptionKey(undefined, call)) return
      throw apiError('OperationNotPermitted', 'Encrypted snapshots with EBS default key cannot be shared')
    },
    run(input, call) {
      applyPermissions(requireOwn(input.SnapshotId, call).permissions, volumeChanges(input))
      return {}
    },
  },
  DescribeSnapshotAttribute: {
    run({ SnapshotId, Attribute }, call) {
      const { id, permissions } = requireOwn(SnapshotId, call)
      if (Attribute === 'productCodes') return { SnapshotId: id, ProductCodes: [] }
      return { SnapshotId: id, CreateVolumePermissions: listVolumePermissions(permissions) }
    },
  },
  ResetSnapshotAttribute: {
    check: ({ SnapshotId }, call) => void requireOwn(SnapshotId, call),
    run({ SnapshotId }, call) {
      const { users, groups } = requireOwn(SnapshotId, call).permissions
      users.clear()
      groups.clear()
      return {}
    },
  },
  CopySnapshot: {
    check(input, call) {
      requireSource(input, call)
      readTagSpecifications(input.TagSpecifications, ['snapshot'])
    },
    run(input, call) {
      const { world, region } = call
      const { id, data: source, rootDisk } = requireSource(input, call)
      const { Encrypted = false, KmsKeyId, Description, SourceRegion, TagSpecifications } = input
      const isEncrypted = Encrypted || source.Encrypted === true
      const data = {
        Description: Description ?? `[Copied ${id} from ${SourceRegion}]`,
        VolumeId: 'vol-ffffffff',
        VolumeSize: source.VolumeSize,
        Encrypted: isEncrypted,
        KmsKeyId: isEncrypted ? encryptionKey(KmsKeyId, call) : undefined,
      }
      const tags = readTagSpecifications(TagSpecifications, ['snapshot'])('snapshot')
      const snapshot = takeSnapshot(region, { data, tags, rootDisk }, call)
      finishSnapshot(snapshot, world.delays.copy, call)
      return { SnapshotId: snapshot.id, Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) }
    },
  },
}

function volumeChanges(input: Ec2Api['ModifySnapshotAttribute']['input']): readonly PermissionChange[] {
  const { OperationType, UserIds, GroupNames, CreateVolumePermission } = input
  const { Add: added, Remove: removed } = CreateVolumePermission ?? {}
  return permissionChanges({ OperationType, UserIds, groups: GroupNames, added, removed })
}

function requireOwn(id: string | undefined, { world, region, now }: Call): SnapshotResource {
  const snapshot = region.snapshots.require(id ?? '', now)
  if (snapshot.data.OwnerId === world.account) return snapshot
  throw apiError('UnauthorizedOperation', 'You are not authorized to perform this operation.')
}

function requireSource(
  { SourceRegion = '', SourceSnapshotId = '' }: Ec2Api['CopySnapshot']['input'],
  { world, now }: Call,
): SnapshotResource {
  const region = world.regions.get(SourceRegion)
  if (region === undefined) throw apiError('InvalidParameterValue', `Value (${SourceRegion}) for parameter sourceRegion is invalid.`)
  const snapshot = region.snapshots.require(SourceSnapshotId, now)
  if (snapshot.data.State === 'completed') return snapshot
  throw apiError('IncorrectState', `The snapshot ${SourceSnapshotId} is ${snapshot.data.State}, not completed`)
}
