import { resolve } from 'node:path'

import type { LookupContext } from '@imago/core'
import { inputDigest } from '@imago/core'

import type { AmazonEbsOptions } from './amazon-ebs-options.ts'
import { instanceInputs } from './amazon-ebs-schema.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'
import { connectAws } from './aws/connect.ts'
import { hasAwsCode } from './aws/aws-error.ts'
import { describeImage } from './aws/images.ts'
import { ownerTag } from './aws/own.ts'
import { findSource, resolveSource } from './steps/find-source.ts'

/** What determines an AMI beside its steps and options: the AMI that it starts from, which a filter may find anew each time, and local files. */
export async function startIdentity(options: AmazonEbsOptions, ctx: LookupContext): Promise<object> {
  const { directory, signal } = ctx
  const aws = await connectAws(options)
  const source = await findSource(
    aws,
    resolveSource(options.sourceAmi, aws.region, (reference) => ctx.artifact(reference)),
    ctx,
  )
  const files = instanceInputs(options).map(async ({ path, at }) => {
    return { at, digest: await inputDigest(resolve(directory, path), { signal, linksOut: 'followed' }) }
  })
  return { region: aws.region, source: source.id, files: await Promise.all(files) }
}

/** Whether an AMI and its copies can still be started from, and bear the tags that the build gave them. */
export async function hasAmi(
  artifact: AmiArtifact | DiscardedInstance,
  options: AmazonEbsOptions,
  { signal }: Pick<LookupContext, 'signal'>,
): Promise<boolean> {
  if (artifact.type === 'discarded') return false
  const aws = await connectAws(options)
  const found = await Promise.all(
    artifact.images.map(async ({ region, imageId }) => {
      const image = await describeImage(aws.in(region), imageId, { signal }).catch(unlessUnknown)
      return image?.state === 'available' && image.tags['imago.run'] !== undefined && image.tags[ownerTag] === undefined
    }),
  )
  return found.every(Boolean)
}

function unlessUnknown(error: unknown): undefined {
  if (!hasAwsCode(error, ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'])) throw error
}
