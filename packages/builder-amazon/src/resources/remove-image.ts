import type { Aws } from '../aws/aws.ts'
import type { Image } from '../aws/images.ts'
import { describeImage, describeImages, snapshotsOf } from '../aws/images.ts'
import { nameTag } from '../aws/own.ts'
import { tagFilter } from '../aws/tags.ts'
import type { Removal } from './removal.ts'
import { idsOf, unlessGone, whenUnused } from './removal.ts'

/** Deregisters an image and deletes its snapshots, also of one that is still being made. */
export async function removeImage(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> =>
    (await describeImages(aws, { Owners: ['self'], Filters: [tagFilter(nameTag, removal.name)] }, { signal })).map(({ id }) => id)
  for (const id of await idsOf(removal, find, signal)) await deregister(aws, id, { signal, snapshots: 'own' })
  await removeSnapshot(aws, { id: undefined, name: removal.name }, signal)
}

/** How to deregister an image. */
export interface DeregisterOptions {
  readonly signal: AbortSignal
  /**
   * Which of its snapshots go, too. `own` are those that bear the tags of its build: a volume may have been made of a snapshot that was there
   * already, and stays.
   */
  readonly snapshots: 'none' | 'own' | { readonly but: readonly string[] }
}

/** Deregisters an image by its id. One that is not there is fine. */
export async function deregister(aws: Aws, id: string, { signal, snapshots }: DeregisterOptions): Promise<void> {
  let image: Image | undefined
  await unlessGone(async () => {
    image = await describeImage(aws, id, { signal })
  })
  if (image?.isProtected === true) await aws.call('DisableImageDeregistrationProtection', { ImageId: id }, { signal })
  await unlessGone(() => aws.call('DeregisterImage', { ImageId: id }, { signal }), ['InvalidAMIID.Unavailable']) // it was deregistered
  if (snapshots === 'none' || image === undefined) return
  const going =
    snapshots === 'own' ? await ownSnapshots(aws, image, signal) : snapshotsOf(image).filter((each) => !snapshots.but.includes(each))
  for (const snapshotId of going) await deleteSnapshot(aws, snapshotId, signal)
}

const ownTags = ['imago.run', 'imago.image', 'imago.build']

/** The snapshots of an image that its build has made. */
async function ownSnapshots(aws: Aws, image: Image, signal: AbortSignal): Promise<readonly string[]> {
  const ids = snapshotsOf(image)
  if (ids.length === 0) return []
  const Filters = [{ Name: 'snapshot-id', Values: ids }, ...ownTags.map((key) => tagFilter(key, image.tags[key] ?? ''))]
  const { Snapshots = [] } = await aws.call('DescribeSnapshots', { OwnerIds: ['self'], Filters }, { signal })
  return Snapshots.flatMap(({ SnapshotId }) => SnapshotId ?? [])
}

/** Deletes a snapshot, as soon as no image uses it. */
export async function removeSnapshot(aws: Aws, { id, name }: Removal, signal: AbortSignal): Promise<void> {
  if (id !== undefined) return await deleteSnapshot(aws, id, signal)
  const { Snapshots = [] } = await aws.call('DescribeSnapshots', { OwnerIds: ['self'], Filters: [tagFilter(nameTag, name)] }, { signal })
  for (const { SnapshotId = '' } of Snapshots) await deleteSnapshot(aws, SnapshotId, signal)
}

async function deleteSnapshot(aws: Aws, id: string, signal: AbortSignal): Promise<void> {
  await whenUnused(() => aws.call('DeleteSnapshot', { SnapshotId: id }, { signal }), ['InvalidSnapshot.InUse', 'IncorrectState'], signal)
}
