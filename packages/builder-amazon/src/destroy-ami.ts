import type { AmiArtifact } from './ami-artifact.ts'
import { connectAgain, connectAws } from './aws/connect.ts'
import type { AwsAccess } from './options/access.ts'
import { deregister } from './resources/remove-image.ts'

/** Deregisters an AMI in all its regions and deletes its snapshots. */
export async function destroyAmi(
  { images, region, access: reference }: AmiArtifact,
  access: AwsAccess | undefined,
  signal: AbortSignal,
): Promise<void> {
  const aws = access === undefined ? await connectAgain(reference) : await connectAws({ region, access })
  for (const image of images) await deregister(aws.in(image.region), image.imageId, { signal, snapshots: 'own' })
}
