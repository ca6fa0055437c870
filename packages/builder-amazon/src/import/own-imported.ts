import { ImagoError } from '@imago/core'

import { describeImage, snapshotsOf } from '../aws/images.ts'
import { tagList } from '../aws/tags.ts'
import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { OwnedImage } from '../steps/create-image.ts'

/** An image that AWS has imported, as one of the build's own. */
export async function ownImported(job: AwsJob, imageId: string): Promise<OwnedImage> {
  const { aws, ctx, own } = job
  const name = own.name('image')
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-image',
    name,
    create: async (signal) => {
      const image = await describeImage(aws, imageId, { signal })
      const Resources = [imageId, ...(image === undefined ? [] : snapshotsOf(image))]
      await aws.call('CreateTags', { Resources, Tags: tagList(own.tags(name)) }, { signal })
      return imageId
    },
    id: (id) => id,
  })
  const image = await describeImage(aws, imageId, ctx)
  if (image === undefined) throw new ImagoError('PROVIDER_FAILED', `the image ${imageId} is gone as soon as it was imported`)
  return { region: aws.region, resource, image, snapshotIds: snapshotsOf(image) }
}
