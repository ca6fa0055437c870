import type { Aws } from '../aws/aws.ts'
import type { Removal } from './removal.ts'
import { unlessGone } from './removal.ts'

/** Deletes an object of S3. Its name is `bucket/key`. */
export async function removeObject(aws: Aws, { name }: Removal, signal: AbortSignal): Promise<void> {
  const slash = name.indexOf('/')
  await unlessGone(() => aws.call('DeleteObject', { Bucket: name.slice(0, slash), Key: name.slice(slash + 1) }, { signal }))
}
