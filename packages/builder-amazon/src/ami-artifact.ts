import type { Artifact } from '@imago/core'

import type { AwsReference } from './aws/aws.ts'

/** An AMI in one region. */
export interface RegionalAmi {
  readonly region: string
  /** `ami-…` */
  readonly imageId: string
  readonly snapshotIds: readonly string[]
}

/** An AMI, with its copies in other regions. */
export interface AmiArtifact extends Artifact {
  readonly type: 'amazon-ami'
  /** `region:ami-…`, with commas between them. */
  readonly id: string
  readonly name: string
  /** The region that it was built in. */
  readonly region: string
  /** Its id in that region; in the first of the others, where the build kept none there. */
  readonly imageId: string
  /** Where it is, by region. */
  readonly images: readonly RegionalAmi[]
  /** The account's access, without secrets. */
  readonly access: AwsReference
}

/** Nothing, of a build that keeps nothing. Its id is that of the instance, which is gone. */
export interface DiscardedInstance extends Artifact {
  readonly type: 'discarded'
}

/** The artifact of images in one or more regions; that of the build's own region first, where there is one. */
export function amiArtifact(name: string, access: AwsReference, images: readonly RegionalAmi[]): AmiArtifact {
  const sorted = images.toSorted((a, b) => (a.region < b.region ? -1 : 1))
  const own = images.find(({ region }) => region === access.region) ?? sorted[0]
  return {
    type: 'amazon-ami',
    id: sorted.map(({ region, imageId }) => `${region}:${imageId}`).join(','),
    name,
    region: access.region,
    imageId: own?.imageId ?? '',
    images: sorted,
    access,
  }
}
