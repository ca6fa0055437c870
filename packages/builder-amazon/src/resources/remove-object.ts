import type { Aws } from '../aws/aws.ts'
import type { Removal } from './removal.ts'
import { unlessGone } from './removal.ts'

/** Deletes an object of S3, and what has been uploaded of it in parts and was never put together. Its name is `bucket/key`. */
export async function removeObject(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  const slash = name.indexOf('/')
  const [Bucket, Key] = [name.slice(0, slash), name.slice(slash + 1)]
  const { Uploads = [] } = await aws.call('ListMultipartUploads', { Bucket, Prefix: Key }, { signal })
  for (const { UploadId } of Uploads.filter((upload) => upload.Key === Key)) {
    await unlessGone(() => aws.call('AbortMultipartUpload', { Bucket, Key, UploadId }, { signal }), ['NoSuchUpload'])
  }
  await unlessGone(() => aws.call('DeleteObject', { Bucket, Key }, { signal })) // last, for an upload may have been completed until now
}
