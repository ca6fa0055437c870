import type { Facts, Resource } from '@imago/core'
import { ImagoError, resolveFacts } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import type { Image } from '../aws/images.ts'
import { ownImageNamed, snapshotsOf } from '../aws/images.ts'
import type { Tags } from '../aws/own.ts'
import { untilKnown } from '../aws/poll.ts'
import type { Named } from '../aws/taken-name.ts'
import { withTakenName } from '../aws/taken-name.ts'
import { tagSpecifications } from '../aws/tags.ts'
import type { AwsJob } from '../job.ts'
import { resolveTags } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { mappingInput, namedSnapshots } from '../options/block-device.ts'
import { acquire } from '../resources/acquire.ts'
import { deregister } from '../resources/remove-image.ts'
import { isNotYetStopped } from './stop-instance.ts'
import { waitForImage } from './wait-image.ts'

/** What is in an image, wherever it is. */
export interface ImageParts {
  readonly name: string
  readonly description: string | undefined
  readonly tags: { readonly image: Tags; readonly snapshot: Tags }
}

/** Name, description and tags of the image, and of its copies. */
export function imageParts(options: InstanceOptions, ami: AmiOptions, name: string, facts: Facts): ImageParts {
  const { description } = ami
  const image = { ...(ami.skipLaunchTags === true ? {} : resolveTags(options.launch?.tags, facts)), ...resolveTags(ami.tags, facts) }
  return {
    name,
    description: description === undefined ? undefined : resolveFacts(description, facts),
    tags: { image, snapshot: { ...image, ...resolveTags(ami.snapshotTags, facts) } },
  }
}

/** An image that is the build's until it is finished. */
export interface OwnedImage {
  readonly region: string
  readonly resource: Resource<string>
  readonly image: Image
  /** The snapshots that were made with it; those that options name are not among them. */
  readonly snapshotIds: readonly string[]
}

/** Makes an image of a stopped instance, and waits until it can be used. What is there already is ours when its tags say so. */
export async function createImage(job: AwsJob, instanceId: string, ami: AmiOptions, parts: ImageParts): Promise<OwnedImage> {
  const { aws, ctx, own, polling } = job
  const name = own.name('image')
  const request = {
    InstanceId: instanceId,
    Name: parts.name,
    ...(parts.description !== undefined && { Description: parts.description }),
    ...(ami.blockDevices !== undefined && { BlockDeviceMappings: ami.blockDevices.map(mappingInput) }),
    TagSpecifications: imageTags(job, name, parts),
  }
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-image',
    name,
    create: async (signal) => {
      const create = async (): Promise<string> => imageIdOf(await aws.call('CreateImage', request, { signal }))
      // the image may be asked for a moment before all of AWS knows that its instance has stopped
      return await orAdopt(job, parts.name, () => untilKnown(create, { isEarly: isNotYetStopped, signal, pace: polling.pace }), signal)
    },
    id: (id) => id,
  })
  const image = await waitForImage(job, aws, resource.value, name)
  return { region: aws.region, resource, image, snapshotIds: madeSnapshots(image, ami) }
}

/** The snapshots that were made with an image. */
export function madeSnapshots(image: Image, { blockDevices }: Pick<AmiOptions, 'blockDevices'>): readonly string[] {
  const named = namedSnapshots(blockDevices)
  return snapshotsOf(image).filter((id) => !named.includes(id))
}

/** The tags of an image and its snapshots, with those that say whose they are. */
export function imageTags({ own }: AwsJob, name: string, { tags }: ImageParts): ReturnType<typeof tagSpecifications> {
  const { Name: _, ...owner } = own.tags(name)
  return tagSpecifications({ image: { ...tags.image, ...owner }, snapshot: { ...tags.snapshot, ...owner } })
}

/** The id of a new image; of ours, when the answer of the first attempt was lost and its name is taken. */
export async function orAdopt(job: AwsJob, imageName: string, create: () => Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await create()
  } catch (error) {
    if (!hasAwsCode(error, ['InvalidAMIName.Duplicate'])) throw error
    const { aws } = job
    const list = async (): Promise<Named[]> => {
      const image = await ownImageNamed(aws, imageName, { signal })
      return image === undefined ? [] : [image]
    }
    const found = await withTakenName(job, list, signal)
    if (found?.isOwn === true) return found.id
    throw new ImagoError(
      'PROVIDER_FAILED',
      `the name '${imageName}' has been taken in ${aws.region} during the build, by ${found?.id ?? 'another image'}`,
      {
        cause: error,
        hint: "take a name that nobody else does, such as 'cow-{timestamp}'",
      },
    )
  }
}

/** The id that AWS answers with. */
export function imageIdOf({ ImageId }: { readonly ImageId?: string | undefined }): string {
  if (ImageId !== undefined) return ImageId
  throw new ImagoError('PROVIDER_FAILED', 'AWS answers without the id of the image')
}

/** Deregisters own images that have the name, where the new one is to have it. */
export async function deregisterNamed(job: AwsJob, ami: AmiOptions, name: string, regions: readonly string[]): Promise<void> {
  const { aws, ctx } = job
  await Promise.all(
    regions.map(async (region) => {
      const there = aws.in(region)
      const image = await ownImageNamed(there, name, ctx)
      if (image === undefined) return
      ctx.emit({ type: 'message', level: 'warning', text: `deregister ${image.id} in ${region}, which has the name '${name}'` })
      const snapshots = ami.forceDeleteSnapshots === true ? { but: namedSnapshots(ami.blockDevices) } : 'none'
      await deregister(there, image.id, { signal: ctx.signal, snapshots })
    }),
  )
}

/** Copies an image to another region, and waits until it can be used. */
export async function copyImage(
  job: AwsJob,
  source: OwnedImage,
  region: string,
  parts: ImageParts,
  {
    encrypt,
    kmsKey,
    minutes,
  }: { readonly encrypt?: boolean | undefined; readonly kmsKey?: string | undefined; readonly minutes?: number | undefined },
): Promise<OwnedImage> {
  const { ctx, own } = job
  const aws = job.aws.in(region)
  const name = own.name(`image-${region}`)
  const request = {
    SourceRegion: source.region,
    SourceImageId: source.image.id,
    Name: parts.name,
    ClientToken: own.token('copy', region),
    ...(parts.description !== undefined && { Description: parts.description }),
    ...(encrypt !== undefined && { Encrypted: encrypt }),
    ...(kmsKey !== undefined && { KmsKeyId: kmsKey }),
    ...(minutes !== undefined && { SnapshotCopyCompletionDurationMinutes: minutes }),
    TagSpecifications: imageTags(job, name, parts),
  }
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-image',
    name,
    create: async (signal) =>
      await orAdopt({ ...job, aws }, parts.name, async () => imageIdOf(await aws.call('CopyImage', request, { signal })), signal),
    id: (id) => id,
  })
  const image = await waitForImage(job, aws, resource.value, name)
  return { region, resource, image, snapshotIds: snapshotsOf(image) }
}
