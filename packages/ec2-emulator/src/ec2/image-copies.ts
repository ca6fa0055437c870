import { apiError } from '../api-error.ts'
import type { BlockDeviceMapping, Ec2Api, Image } from '../aws-sdk.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { ImageResource, SnapshotResource } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { checkEbs, checkImageMappings } from './block-devices.ts'
import { canLaunch } from './image-access.ts'
import { addImage, finishImage } from './image-creation.ts'
import { checkImageName } from './images.ts'
import { takeSnapshot } from './snapshot-creation.ts'

type CopyInput = Ec2Api['CopyImage']['input']
type RegisterInput = Ec2Api['RegisterImage']['input']

/** Images from images, and from snapshots. */
export const imageCopyOperations: Ec2Operations<'CopyImage' | 'RegisterImage'> = {
  CopyImage: {
    check(input, call) {
      checkImageName(input.Name, call)
      requireSource(input, call)
      readTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
      if (input.KmsKeyId === undefined || input.Encrypted === true) return
      throw apiError('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set to true.')
    },
    run(input, call) {
      const source = requireSource(input, call)
      const given = readTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
      const tags = new Map([...(input.CopyImageTags === true ? source.tags : []), ...given('image')])
      const image = addImage(call.region, copyData(source, input, call), tags, call)
      const snapshots: SnapshotResource[] = []
      image.data.BlockDeviceMappings = (source.data.BlockDeviceMappings ?? []).map((mapping) => {
        const snapshot = copySnapshot(mapping, { source, image, input, tags: given('snapshot') }, call)
        if (snapshot === undefined) return mapping
        snapshots.push(snapshot)
        const { Encrypted, KmsKeyId } = snapshot.data
        return { ...mapping, Ebs: { ...mapping.Ebs, SnapshotId: snapshot.id, Encrypted, KmsKeyId } }
      })
      image.rootDisk = source.rootDisk
      finishImage({ image, snapshots, region: call.region, delay: call.world.delays.copy, operation: 'CopyImage' }, Promise.resolve(), call)
      return { ImageId: image.id }
    },
  },
  RegisterImage: {
    check(input, call) {
      checkImageName(input.Name, call)
      readTagSpecifications(input.TagSpecifications, ['image'])
      checkImageMappings(input.BlockDeviceMappings)
      checkRegistration(input, call)
    },
    run(input, call) {
      const { world, region } = call
      const tags = readTagSpecifications(input.TagSpecifications, ['image'])('image')
      const image = addImage(region, registeredData(input, call), tags, { world })
      image.data.BlockDeviceMappings = (input.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs, ...rest }) => {
        const { VolumeSize, Encrypted, KmsKeyId } = region.snapshots.find(Ebs?.SnapshotId ?? '')?.data ?? {}
        return {
          DeviceName,
          ...rest,
          Ebs: Ebs && {
            VolumeType: 'gp2',
            DeleteOnTermination: true,
            ...Ebs,
            VolumeSize: Ebs.VolumeSize ?? VolumeSize,
            Encrypted,
            KmsKeyId,
          },
        }
      })
      image.rootDisk = rootSnapshot(input, call)?.rootDisk
      return { ImageId: image.id }
    },
  },
}

function requireSource({ SourceRegion = '', SourceImageId = '' }: CopyInput, { world, now }: Call): ImageResource {
  const region = world.regions.get(SourceRegion)
  if (region === undefined) throw apiError('InvalidParameterValue', `Value (${SourceRegion}) for parameter sourceRegion is invalid.`)
  const image = region.images.require(SourceImageId, now)
  if (!canLaunch(image, world.account)) throw apiError('InvalidAMIID.NotFound', `The image id '[${SourceImageId}]' does not exist`)
  if (image.data.State !== 'available') throw apiError('InvalidAMIID.Unavailable', `The image ID '${SourceImageId}' is not available`)
  return image
}

/** What an image does not pass on to its copies. */
const notCopied = {
  DeprecationTime: undefined,
  DeregistrationProtection: undefined,
  ImageOwnerAlias: undefined,
  SourceInstanceId: undefined,
  ProductCodes: undefined,
}

function copyData({ id, data }: ImageResource, { Name, Description, SourceRegion }: CopyInput, { world, now }: Call): Image {
  return {
    ...data,
    ...notCopied,
    Name,
    Description: Description ?? data.Description,
    OwnerId: world.account,
    ImageLocation: `${world.account}/${Name}`,
    State: 'pending',
    Public: false,
    CreationDate: new Date(now).toISOString(),
    SourceImageId: id,
    SourceImageRegion: SourceRegion,
  }
}

interface SnapshotCopy {
  readonly source: ImageResource
  readonly image: ImageResource
  readonly input: CopyInput
  readonly tags: ReadonlyMap<string, string>
}

/** What is encrypted stays so; what is not becomes so where the request says it. */
function copySnapshot({ Ebs }: BlockDeviceMapping, { source, image, input, tags }: SnapshotCopy, call: Call): SnapshotResource | undefined {
  if (Ebs?.SnapshotId === undefined) return undefined
  const { world, region } = call
  const original = world.regions.get(input.SourceRegion ?? '')?.snapshots.find(Ebs.SnapshotId)
  const Encrypted = input.Encrypted === true || Ebs.Encrypted === true
  const data = {
    Description: `Copied for DestinationAmi ${image.id} from SourceAmi ${source.id} for SourceSnapshot ${Ebs.SnapshotId}.`,
    VolumeId: 'vol-ffffffff', // what Amazon says of copies
    VolumeSize: Ebs.VolumeSize,
    Encrypted,
    KmsKeyId: Encrypted ? encryptionKey(input.KmsKeyId, call) : undefined,
  }
  return takeSnapshot(region, { data, tags, rootDisk: original?.rootDisk }, call)
}

function checkRegistration(input: RegisterInput, call: Call): void {
  const { ImageLocation, Architecture = 'i386', VirtualizationType = 'paravirtual', RootDeviceName, BootMode, TpmSupport } = input
  if (ImageLocation !== undefined) throw apiError('NotImplemented', 'This emulator has no images backed by an instance store')
  if (Architecture === 'i386' || VirtualizationType === 'paravirtual') {
    throw apiError('InvalidParameterCombination', `No instance types boot ${Architecture} images with ${VirtualizationType} virtualization`)
  }
  for (const { DeviceName = '', Ebs } of input.BlockDeviceMappings ?? []) if (Ebs !== undefined) checkEbs(DeviceName, Ebs, call)
  const root = rootSnapshot(input, call)
  if (root === undefined) {
    throw apiError(
      'InvalidBlockDeviceMapping',
      `The root device ${RootDeviceName ?? '(none)'} needs a snapshot in the block device mappings`,
    )
  }
  if (root.data.State !== 'completed') throw apiError('IncorrectState', `The snapshot ${root.id} is ${root.data.State}, not completed`)
  if (TpmSupport !== undefined && BootMode !== 'uefi' && BootMode !== 'uefi-preferred') {
    throw apiError('InvalidParameterCombination', 'TpmSupport needs the boot mode uefi')
  }
}

function rootSnapshot({ BlockDeviceMappings, RootDeviceName }: RegisterInput, { region }: Call): SnapshotResource | undefined {
  const root = BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)
  return root?.Ebs?.SnapshotId === undefined ? undefined : region.snapshots.find(root.Ebs.SnapshotId)
}

function registeredData(input: RegisterInput, { world, now }: Call): Image {
  const { Name, Description = '', Architecture, RootDeviceName, EnaSupport, SriovNetSupport, BootMode, TpmSupport, ImdsSupport } = input
  return {
    Name,
    Description,
    OwnerId: world.account,
    ImageLocation: `${world.account}/${Name}`,
    ImageType: 'machine',
    State: 'available',
    Public: false,
    Architecture,
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    CreationDate: new Date(now).toISOString(),
    RootDeviceName,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport,
    SriovNetSupport,
    BootMode,
    TpmSupport,
    ImdsSupport,
  }
}
