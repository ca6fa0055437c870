import type { Facts } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { AmiArtifact } from '../ami-artifact.ts'
import { amiArtifact } from '../ami-artifact.ts'
import type { Job } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import { all } from './all.ts'
import type { ImageParts, OwnedImage } from './create-image.ts'
import { copyImage, deregisterNamed, imageParts } from './create-image.ts'
import { finishImage, handOver } from './finish-image.ts'

/** What images are made of. */
export interface ImageOrder {
  readonly options: InstanceOptions
  readonly ami: AmiOptions
  readonly name: string
  readonly facts: Facts
  /** The instance, which is not needed any more when the first image is there. */
  readonly instance: { release(): Promise<void> }
}

/**
 * Makes the image, its copies in other regions, and gives them what they are to have. The instance goes while the copies are made.
 * @param create makes the first image
 */
export async function makeImages(job: Job, order: ImageOrder, create: (parts: ImageParts) => Promise<OwnedImage>): Promise<AmiArtifact> {
  const { ctx, aws, own } = job
  const { options, ami, name, facts, instance } = order
  const copies = copyRegions(ami, aws.region)
  const parts = imageParts(options, ami, name, facts)
  const keepsOwn = ami.skipBuildRegion !== true
  if (ami.forceDeregister === true) await deregisterNamed(job, ami, name, [...(keepsOwn ? [aws.region] : []), ...copies.keys()])
  const image = await ctx.step('image', `make the AMI ${name}`, () =>
    create(keepsOwn ? parts : { ...parts, name: own.name('temporary', 128) }),
  )
  const going = instance.release().catch(() => undefined) // the run tries again, and says so
  const copied = await all(
    [...copies].map(([region, { kmsKey }]) =>
      ctx.step(`copy-${region}`, `copy the AMI to ${region}`, () =>
        copyImage(job, image, region, parts, { encrypt: ami.encrypt, kmsKey, minutes: ami.snapshotCopyMinutes }),
      ),
    ),
  )
  const images = keepsOwn ? [image, ...copied] : copied
  await all(images.map(async (each) => finishImage(job, ami, each)))
  await handOver(job, images)
  await going
  return amiArtifact(
    name,
    aws.reference,
    images.map((each) => ({ region: each.region, imageId: each.image.id, snapshotIds: each.snapshotIds })),
  )
}
