import type { Aws, CallOptions } from './aws.ts'
import type { ImageDescription, Operations } from './aws-sdk.ts'
import type { Tags } from './own.ts'
import { tagsOf } from './tags.ts'

/** The life of an image. */
export type ImageState = NonNullable<ImageDescription['State']>

/** An image as AWS describes it. */
export interface Image {
  readonly id: string
  readonly name: string
  readonly state: ImageState
  /** Why it is in that state, where AWS says so. */
  readonly reason: string | undefined
  readonly ownerId: string
  /** `'amazon'` and the like, or empty. */
  readonly ownerAlias: string
  /** ISO 8601. */
  readonly creationDate: string
  readonly architecture: string
  readonly virtualizationType: string
  readonly rootDevice: string
  readonly rootDeviceType: string
  readonly isWindows: boolean
  readonly isProtected: boolean
  readonly volumes: readonly ImageVolume[]
  readonly tags: Tags
}

/** A volume that instances of an image get. */
export interface ImageVolume {
  readonly device: string
  /** Empty until there is one. */
  readonly snapshotId: string
  readonly deleteOnTermination: boolean
  readonly encrypted: boolean
}

/** The images that fit. */
export async function describeImages(aws: Aws, query: Operations['DescribeImages']['input'], options: CallOptions): Promise<Image[]> {
  const { Images = [] } = await aws.call('DescribeImages', query, options)
  return Images.map(toImage)
}

/** An image by its id, or `undefined`. */
export async function describeImage(aws: Aws, id: string, options: CallOptions): Promise<Image | undefined> {
  const [image] = await describeImages(aws, { ImageIds: [id], IncludeDeprecated: true }, options)
  return image
}

/** The account's own images of a name: there is at most one, whatever state it is in. */
export async function ownImageNamed(aws: Aws, name: string, options: CallOptions): Promise<Image | undefined> {
  const filters = [{ Name: 'name', Values: [literal(name)] }]
  const images = await describeImages(aws, { Owners: ['self'], Filters: filters, IncludeDeprecated: true }, options)
  return images.find((image) => image.name === name)
}

/** A value of a filter that stands for itself. */
function literal(text: string): string {
  return text.replaceAll(/[\\*?]/g, '\\$&')
}

/** The snapshots that an image consists of. */
export function snapshotsOf({ volumes }: Image): string[] {
  return volumes.flatMap(({ snapshotId }) => (snapshotId === '' ? [] : [snapshotId]))
}

function toImage(found: ImageDescription): Image {
  const reason = found.StateReason?.Message
  return {
    id: found.ImageId ?? '',
    name: found.Name ?? '',
    state: found.State ?? 'pending',
    reason: reason === '' ? undefined : reason,
    ownerId: found.OwnerId ?? '',
    ownerAlias: found.ImageOwnerAlias ?? '',
    creationDate: found.CreationDate ?? '',
    architecture: found.Architecture ?? '',
    virtualizationType: found.VirtualizationType ?? '',
    rootDevice: found.RootDeviceName ?? '',
    rootDeviceType: found.RootDeviceType ?? '',
    isWindows: found.Platform === 'Windows',
    isProtected: found.DeregistrationProtection?.startsWith('enabled') === true,
    volumes: (found.BlockDeviceMappings ?? []).flatMap(({ DeviceName = '', Ebs }) =>
      Ebs === undefined
        ? []
        : [
            {
              device: DeviceName,
              snapshotId: Ebs.SnapshotId ?? '',
              deleteOnTermination: Ebs.DeleteOnTermination ?? false,
              encrypted: Ebs.Encrypted ?? false,
            },
          ],
    ),
    tags: tagsOf(found.Tags),
  }
}
