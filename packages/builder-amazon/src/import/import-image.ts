import type { FilesArtifact, PostProcessContext } from '@imago/core'
import { processOwner, resolveFacts } from '@imago/core'

import type { AmiArtifact } from '../ami-artifact.ts'
import { amiArtifact } from '../ami-artifact.ts'
import { connectAws } from '../aws/connect.ts'
import { ownOf } from '../aws/own.ts'
import { tagList } from '../aws/tags.ts'
import type { AwsJob, Connect } from '../job.ts'
import { resolveTags } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import { amiName } from '../options/ami-name.ts'
import { imageTagGroups, tagValueIssues } from '../options/tag-limits.ts'
import { pollingOf } from '../options/polling.ts'
import { all } from '../steps/all.ts'
import { descriptionIssues } from '../steps/ami-issues.ts'
import { keyProblems } from '../steps/check-keys.ts'
import { takenNames, unknownRegions } from '../steps/check-names.ts'
import type { ImageParts, OwnedImage } from '../steps/create-image.ts'
import { copyImage } from '../steps/create-image.ts'
import { finishImage, handOver } from '../steps/finish-image.ts'
import { refuse } from '../steps/issue-collector.ts'
import type { AmazonImportOptions } from './amazon-import-options.ts'
import { importKeys } from './amazon-import-options.ts'
import { findDisk } from './find-disk.ts'
import { runImportTask, tryImport } from './import-task.ts'
import { objectKey, uploadDisk } from './upload-disk.ts'

/** Imports a disk, from top to bottom. */
export async function importImage(
  options: AmazonImportOptions,
  input: FilesArtifact,
  ctx: PostProcessContext,
  connect: Connect = connectAws,
): Promise<AmiArtifact> {
  const { ami = {} } = options
  const aws = await connect(options)
  const labels = { 'imago.run': ctx.runId, 'imago.image': ctx.image, 'imago.build': ctx.build, 'imago.owner': processOwner() }
  const job = { ctx, aws, own: ownOf({ ...ctx, labels }, '1d'), polling: pollingOf(options.polling), now: new Date() }
  const disk = findDisk(input, options.format)
  const name = ami.name === undefined ? undefined : amiName(ami.name, { now: job.now, facts: ctx.facts })
  refuse(await unknownRegions(aws, ami, ctx))
  refuse(await keyProblems(job, importKeys(options, aws.region)))
  if (name !== undefined) refuse(await takenNames(aws, { ...ami, name }, name, ctx))
  refuse([...tagValueIssues(imageTagGroups(ami, undefined), ctx.facts, { forIam: undefined }), ...descriptionIssues(ami, ctx.facts)])
  const order = { options, format: disk.format, bucket: options.bucket, key: objectKey(options, disk, job) }
  await tryImport(job, order)
  const object = await uploadDisk(job, options, disk, order.key)
  const imported = await runImportTask(job, order)
  if (options.keepObject === true) await object.disown()
  else await object.release()
  const parts = importParts(options, name ?? imported.image.name, ctx)
  const finished: AmiOptions = { ...ami, name: parts.name }
  const images = await makeCopies(job, finished, imported, parts, name !== undefined)
  await all(images.map(async (each) => finishImage(job, finished, each)))
  await handOver(job, images)
  return amiArtifact(
    parts.name,
    aws.reference,
    images.map(({ region, image, snapshotIds }) => ({ region, imageId: image.id, snapshotIds })),
  )
}

function importParts({ ami = {} }: AmazonImportOptions, name: string, { facts }: PostProcessContext): ImageParts {
  const image = resolveTags(ami.tags, facts)
  return {
    name,
    description: ami.description === undefined ? undefined : resolveFacts(ami.description, facts),
    tags: { image, snapshot: { ...image, ...resolveTags(ami.snapshotTags, facts) } },
  }
}

/** The copies in other regions; and, for a name, one in the same region, which takes the place of the image that AWS has named. */
async function makeCopies(
  job: AwsJob,
  ami: AmiOptions,
  imported: OwnedImage,
  parts: ImageParts,
  isNamed: boolean,
): Promise<readonly OwnedImage[]> {
  const { aws, ctx } = job
  const { encrypt, kmsKey, snapshotCopyMinutes: minutes } = ami
  const regions = [...copyRegions(ami, aws.region)].map(([region, options]) => ({ region, kmsKey: options.kmsKey }))
  const wanted = isNamed ? [{ region: aws.region, kmsKey }, ...regions] : regions
  const copies = await all(
    wanted.map(async (each) => copyImage(job, imported, each.region, parts, { encrypt, kmsKey: each.kmsKey, minutes })),
  )
  if (isNamed) {
    await imported.resource.release()
    return copies
  }
  const { id } = imported.image
  if (Object.keys(parts.tags.image).length > 0) {
    await aws.call('CreateTags', { Resources: [id], Tags: tagList(parts.tags.image) }, ctx)
  }
  if (Object.keys(parts.tags.snapshot).length > 0) {
    await aws.call('CreateTags', { Resources: [...imported.snapshotIds], Tags: tagList(parts.tags.snapshot) }, ctx)
  }
  return [imported, ...copies]
}
