import type { BuildContext, Facts } from '@imago/core'

import type { AmazonEbsOptions, InstanceOptions } from './amazon-ebs-options.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'
import { amiArtifact } from './ami-artifact.ts'
import { snapshotsOf } from './aws/images.ts'
import type { Image } from './aws/images.ts'
import type { Connect, Job } from './job.ts'
import { factsOf, openJob } from './job.ts'
import type { AmiOptions } from './options/ami.ts'
import { copyRegions } from './options/ami.ts'
import { amiName } from './options/ami-name.ts'
import { checkNames } from './steps/check-names.ts'
import type { OwnedImage } from './steps/create-image.ts'
import { copyImage, createImage, deregisterNamed, imageParts } from './steps/create-image.ts'
import { finishImage, handOver } from './steps/finish-image.ts'
import { findSource, resolveSource } from './steps/find-source.ts'
import { checkUser } from './steps/instance-address.ts'
import { launch } from './steps/launch.ts'
import { provisionInstance } from './steps/provision-instance.ts'
import { modifyNetworking, stopInstance } from './steps/stop-instance.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(options: AmazonEbsOptions, ctx: BuildContext, connect?: Connect): Promise<AmiArtifact | DiscardedInstance> {
  const job = await openJob(options, ctx, connect)
  const { ami } = options
  const { source, facts, name } = await start(job, options)
  const launched = await launch(job, options, source, facts, ami === false ? {} : ami)
  const instanceId = launched.instance.id
  await provisionInstance(job, options, launched, source, facts)
  if (ami === false) return { type: 'discarded', id: instanceId }
  if (options.spot === undefined) await stopInstance(job, options, instanceId) // AWS stops no spot instance of this kind; it restarts it
  await modifyNetworking(job, instanceId, ami)
  const images = await makeImages(job, options, ami, name, facts, launched.resource)
  return amiArtifact(
    name,
    job.aws.reference,
    images.map(({ region, image }) => ({ region, imageId: image.id, snapshotIds: snapshotsOf(image) })),
  )
}

/** Finds the source image, and refuses what AWS would refuse later, before anything exists. */
async function start(
  job: Job,
  options: AmazonEbsOptions,
): Promise<{ readonly source: Image; readonly facts: Facts; readonly name: string }> {
  const { ctx, aws, now } = job
  return await ctx.step('source', 'find the source AMI', async () => {
    const source = await findSource(
      aws,
      resolveSource(options.sourceAmi, aws.region, (reference) => ctx.artifact(reference)),
      ctx,
    )
    const facts = factsOf(job, source)
    checkUser(options, source)
    if (options.ami === false) return { source, facts, name: '' }
    const name = amiName(options.ami.name, { now, facts })
    await checkNames(aws, options.ami, name, ctx)
    return { source, facts, name }
  })
}

/** The image, its copies in other regions, and what they are to have. The instance goes while the copies are made. */
async function makeImages(
  job: Job,
  options: InstanceOptions,
  ami: AmiOptions,
  name: string,
  facts: Facts,
  instance: { readonly value: string; release(): Promise<void> },
): Promise<readonly OwnedImage[]> {
  const { ctx, aws } = job
  const copies = copyRegions(ami, aws.region)
  const parts = imageParts(options, ami, name, facts)
  const keepsOwn = ami.skipBuildRegion !== true
  if (ami.forceDeregister === true) await deregisterNamed(job, ami, name, [...(keepsOwn ? [aws.region] : []), ...copies.keys()])
  const image = await ctx.step('image', `make the AMI ${name}`, () =>
    createImage(job, instance.value, ami, keepsOwn ? parts : { ...parts, name: job.own.name('temporary', 128) }),
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
  await all(images.map(async (each) => handOver(job, each)))
  await going
  return images
}

/** All of them; when one fails, the others are waited for, so that what they have made is known and removed. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return await Promise.all(work)
}
