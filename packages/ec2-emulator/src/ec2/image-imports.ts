import { messageOf } from '@imago/core'

import { apiError } from '../api-error.ts'
import type { Ec2Api, ImportImageTask } from '../aws-sdk.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { ImageResource } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { addImage } from './image-creation.ts'
import { finishSnapshot, takeSnapshot } from './snapshot-creation.ts'

type ImportInput = Ec2Api['ImportImage']['input']

const filters: FilterFields<Resource<ImportImageTask>> = { 'task-state': ({ data }) => data.Status }

/** What an import says of itself, one after the other. */
const stages = [
  'pending',
  'validating',
  'validated',
  'converting',
  'updating',
  'updated',
  'preparing to boot',
  'booting',
  'booted',
  'preparing ami',
]

/** Images from disks in S3. The disk is looked at, but not converted: instances of such an image have no guest. */
export const imageImportOperations: Ec2Operations<'ImportImage' | 'DescribeImportImageTasks' | 'CancelImportTask'> = {
  ImportImage: {
    check({ DiskContainers = [], RoleName = 'vmimport', TagSpecifications, KmsKeyId, Encrypted }, { world }) {
      readTagSpecifications(TagSpecifications, ['import-image-task'])
      if (!world.iam.roles.has(RoleName)) {
        throw apiError('InvalidParameter', `The service role ${RoleName} provided does not exist or does not have sufficient permissions`)
      }
      if (DiskContainers.length === 0) throw apiError('MissingParameter', 'The request must contain the parameter DiskContainers')
      if (KmsKeyId !== undefined && Encrypted !== true) {
        throw apiError('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set to true.')
      }
    },
    run(input, call) {
      const { world, region } = call
      const { Description, Architecture = 'x86_64', LicenseType, BootMode, Encrypted, KmsKeyId, DiskContainers = [] } = input
      const created = world.create(region, region.importTasks.names, {
        tags: readTagSpecifications(input.TagSpecifications, ['import-image-task'])('import-image-task'),
        data: {
          Description,
          Architecture,
          LicenseType,
          BootMode,
          Encrypted,
          KmsKeyId,
          Status: 'active',
          StatusMessage: stages[0],
          Progress: '1',
        },
      })
      const task: Resource<ImportImageTask> = region.importTasks.add(created)
      task.data.ImportTaskId = task.id
      task.data.SnapshotDetails = DiskContainers.map(({ Format, UserBucket }) => ({ Format, UserBucket, Status: 'active' }))
      advance(task, input, call)
      return view(task)
    },
  },
  DescribeImportImageTasks: {
    run({ ImportTaskIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.importTasks, { ids: ImportTaskIds, filters: Filters, fields: filters, ...page })
      return { ImportImageTasks: items.map(view), NextToken: nextToken }
    },
  },
  CancelImportTask: {
    run({ ImportTaskId = '' }, { region, now }) {
      const { data } = region.importTasks.require(ImportTaskId, now)
      const PreviousState = data.Status
      if (data.Status === 'active') Object.assign(data, { Status: 'deleted', StatusMessage: 'cancelled' })
      return { ImportTaskId, PreviousState, State: data.Status }
    },
  },
}

/** Goes through the stages; the time of an image is shared among them. */
function advance(task: Resource<ImportImageTask>, input: ImportInput, call: Call, stage = 0): void {
  const { world } = call
  const next = async (): Promise<void> => {
    if (stage === 1) await validate(task, input, call)
    if (task.data.Status !== 'active') return
    if (stage + 1 === stages.length) {
      finish(task, input, call)
      return
    }
    const Progress = String(Math.round((100 * (stage + 1)) / stages.length))
    Object.assign(task.data, { StatusMessage: stages[stage + 1], Progress })
    advance(task, input, call, stage + 1)
  }
  world.later(world.delays.image / stages.length, () => {
    next().catch((error: unknown) => failTask(task, `ServerError: ${messageOf(error)}`))
  })
}

function failTask({ data }: Resource<ImportImageTask>, reason: string): void {
  Object.assign(data, { Status: 'deleted', StatusMessage: reason })
  delete data.Progress
}

/** Fails an import whose disk is not there, or is none. */
async function validate(task: Resource<ImportImageTask>, { DiskContainers = [] }: ImportInput, { world }: Call): Promise<void> {
  for (const { UserBucket, Format = '', Url = '' } of DiskContainers) {
    const [, bucketName = UserBucket?.S3Bucket ?? '', key = UserBucket?.S3Key ?? ''] = /^(?:s3|https?):\/\/([^/]+)\/(.+)$/.exec(Url) ?? []
    const object = world.objects.buckets.get(bucketName)?.objects.get(key)
    const reason =
      object === undefined
        ? `ClientError: Disk validation failed [We do not have access to the given resource. Reason 404 Not Found]`
        : unsupported(Format.toLowerCase(), await world.objects.head(object, 512))
    if (reason === undefined) continue
    failTask(task, reason)
    return
  }
}

/** How disks of a format begin. */
const magics: Readonly<Record<string, readonly string[]>> = {
  vmdk: ['KDMV', '# Disk DescriptorFile', 'COWD'],
  vhd: ['conectix'],
  vhdx: ['vhdxfile'],
  ova: [],
}

function unsupported(format: string, head: Buffer): string | undefined {
  if (head.length === 0) return 'ClientError: Disk validation failed [The disk is empty]'
  if (format === 'raw') return undefined
  const known = magics[format]
  if (known === undefined) return `ClientError: Unsupported disk format [${format}]`
  const start = head.toString('latin1')
  const isRight =
    known.length === 0 ? start.slice(257, 262) === 'ustar' : format === 'vhd' || known.some((magic) => start.startsWith(magic))
  return isRight ? undefined : `ClientError: Disk validation failed [Unsupported ${format.toUpperCase()} file]`
}

function finish(task: Resource<ImportImageTask>, { DiskContainers = [], Encrypted, KmsKeyId, BootMode }: ImportInput, call: Call): void {
  const { world, region } = call
  const tags = new Map<string, string>()
  const key = Encrypted === true ? encryptionKey(KmsKeyId, call) : undefined
  const snapshots = DiskContainers.map(() => {
    const snapshot = takeSnapshot(
      region,
      { data: { VolumeSize: 8, Encrypted, KmsKeyId: key, Description: task.data.Description ?? '' }, tags, rootDisk: undefined },
      call,
    )
    finishSnapshot(snapshot, 0, call)
    return snapshot
  })
  const mappings = snapshots.map(({ id }, index) => ({
    DeviceName: index === 0 ? '/dev/sda1' : `/dev/sd${String.fromCodePoint(97 + index)}`,
    Ebs: { SnapshotId: id, VolumeSize: 8, VolumeType: 'gp2' as const, DeleteOnTermination: index === 0, Encrypted },
  }))
  const image: ImageResource = addImage(
    region,
    {
      Name: task.id,
      Description: task.data.Description ?? '',
      OwnerId: world.account,
      ImageLocation: `${world.account}/${task.id}`,
      ImageType: 'machine',
      State: 'available',
      Public: false,
      Architecture: task.data.Architecture === 'arm64' ? 'arm64' : 'x86_64',
      PlatformDetails: 'Linux/UNIX',
      CreationDate: new Date(world.now()).toISOString(),
      RootDeviceName: '/dev/sda1',
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      Hypervisor: 'xen',
      EnaSupport: true,
      BootMode,
      BlockDeviceMappings: mappings,
    },
    tags,
    call,
  )
  task.data.SnapshotDetails = snapshots.map(({ id }, index) => ({
    ...task.data.SnapshotDetails?.[index],
    SnapshotId: id,
    Status: 'completed',
    DeviceName: mappings[index]?.DeviceName,
  }))
  Object.assign(task.data, { Status: 'completed', ImageId: image.id })
  delete task.data.StatusMessage
  delete task.data.Progress
}
