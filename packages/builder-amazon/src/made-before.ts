import type { Artifact, ArtifactsContext, MadeBefore } from '@imago/core'

import type { AmiArtifact } from './ami-artifact.ts'
import { amiArtifact } from './ami-artifact.ts'
import type { Aws } from './aws/aws.ts'
import { connectAws } from './aws/connect.ts'
import type { Image } from './aws/images.ts'
import { describeImages, snapshotsOf } from './aws/images.ts'
import { nameTag, ownerTag, ownOf } from './aws/own.ts'
import { tagFilter } from './aws/tags.ts'
import type { AwsPlace } from './options/access.ts'
import type { AmiOptions } from './options/ami.ts'
import { copyRegions } from './options/ami.ts'

/** An AMI of a run, and where it is. */
interface Found {
  readonly region: string
  readonly image: Image
}

/**
 * The finished AMIs of a build by their tags, in its region, in those that it copies to, and in those that earlier runs are known to have
 * copied to. Copies of a run are one artifact.
 */
export async function amisMadeBefore(place: AwsPlace, ami: AmiOptions, ctx: ArtifactsContext): Promise<readonly MadeBefore<AmiArtifact>[]> {
  const aws = await connectAws(place)
  const known = ctx.known.filter(isAmi).flatMap(({ images }) => images)
  const regions = new Set([aws.region, ...copyRegions(ami, aws.region).keys(), ...known.map(({ region }) => region)])
  const knownIds = new Set(known.map(({ imageId }) => imageId))
  const found = (await Promise.all([...regions].map(async (region) => await taggedIn(aws.in(region), ctx)))).flat()
  const isProtectedByUs = ami.deregistrationProtection !== undefined && ami.deregistrationProtection !== false
  return [...new Set(found.map(runOf))].flatMap((runId) => {
    const all = found.filter((one) => runOf(one) === runId)
    if (all.some(({ image }) => image.tags[ownerTag] !== undefined)) return [] // its run is at it, or was killed
    const own = all.filter((one) => knownIds.has(one.image.id) || isInItsPlace(one, { runId, region: aws.region, ctx, all }))
    return own.length === 0 ? [] : [madeBefore(own, { aws, runId, isProtectedByUs })]
  })
}

function runOf({ image }: Found): string {
  return image.tags['imago.run'] ?? ''
}

async function taggedIn(aws: Aws, { image, build, signal }: ArtifactsContext): Promise<readonly Found[]> {
  const Filters = [tagFilter('imago.image', image), tagFilter('imago.build', build)]
  const images = await describeImages(aws, { Owners: ['self'], Filters, IncludeDeprecated: true }, { signal })
  return images.map((each) => ({ region: aws.region, image: each }))
}

interface Run {
  readonly runId: string
  /** Where the build is. */
  readonly region: string
  readonly ctx: ArtifactsContext
  /** Everything that bears the tags of the run. */
  readonly all: readonly Found[]
}

/**
 * Whether a run has made an image there under the name that its tag says. People copy images with their tags: such a copy is in another
 * region than its name says, or came later than the one that it was made of.
 */
function isInItsPlace({ region, image }: Found, { runId, region: own, ctx, all }: Run): boolean {
  const names = ownOf({ runId, image: ctx.image, build: ctx.build, labels: {} }, 0)
  const name = image.tags[nameTag]
  if (name !== (region === own ? names.name('image') : names.name(`image-${region}`))) return false
  return !all.some((other) => other.region === region && other.image.tags[nameTag] === name && isEarlier(other.image, image))
}

function isEarlier(one: Image, other: Image): boolean {
  return Date.parse(one.creationDate) < Date.parse(other.creationDate)
}

function madeBefore(
  found: readonly Found[],
  { aws, runId, isProtectedByUs }: { readonly aws: Aws; readonly runId: string; readonly isProtectedByUs: boolean },
): MadeBefore<AmiArtifact> {
  const times = found.map(({ image }) => Date.parse(image.creationDate))
  const images = found.map(({ region, image }) => ({ region, imageId: image.id, snapshotIds: snapshotsOf(image) }))
  const kept = isProtectedByUs ? undefined : found.find(({ image }) => image.isProtected)
  return {
    artifact: amiArtifact(found[0]?.image.name ?? '', aws.reference, images),
    madeAt: new Date(Math.min(...times)).toISOString(),
    runId,
    ...(kept !== undefined && { inUse: `${kept.image.id} in ${kept.region} is protected against deregistration` }),
  }
}

function isAmi(artifact: Artifact): artifact is AmiArtifact {
  return artifact.type === 'amazon-ami' && 'images' in artifact
}
