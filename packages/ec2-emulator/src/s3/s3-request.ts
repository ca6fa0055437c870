import type { IncomingHttpHeaders } from 'node:http'

/** A request to S3. */
export interface S3Request {
  readonly method: string
  /** Empty for the list of buckets. */
  readonly bucket: string
  /** Empty for the bucket itself. */
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: AsyncIterable<Buffer>
  readonly region: string
}

/** The operations of S3 that the emulator has. */
export type S3Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'DeleteBucket'
  | 'GetBucketLocation'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'

/** Bucket and key of a URL, whether the bucket stands in its path or before the host. */
export function locate(url: URL, host: string): { readonly bucket: string; readonly key: string } {
  const path = decodeURIComponent(url.pathname.slice(1))
  const [name = ''] = host.split(':')
  const ownHost = /^(.+)\.(?:localhost|s3[.\w-]*)$/.exec(name)?.[1]
  if (ownHost !== undefined) return { bucket: ownHost, key: path }
  const slash = path.indexOf('/')
  return slash === -1 ? { bucket: path, key: '' } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

/** Which operation a request is for; `undefined` for one that the emulator does not have. */
export function s3Operation({
  method,
  bucket,
  key,
  query,
}: Pick<S3Request, 'method' | 'bucket' | 'key' | 'query'>): S3Operation | undefined {
  const has = (name: string): boolean => query.has(name)
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : undefined
  if (key === '') {
    if (method === 'GET' && has('location')) return 'GetBucketLocation'
    if (method === 'GET' && has('uploads')) return 'ListMultipartUploads'
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2'
    if ([...query.keys()].some((name) => name !== 'x-id')) return undefined
    return onBucket[method]
  }
  if (method === 'POST') return has('uploads') ? 'CreateMultipartUpload' : has('uploadId') ? 'CompleteMultipartUpload' : undefined
  if (has('uploadId')) return method === 'PUT' ? 'UploadPart' : method === 'DELETE' ? 'AbortMultipartUpload' : undefined
  return onObject[method]
}

const onBucket: Readonly<Record<string, S3Operation>> = { PUT: 'CreateBucket', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' }
const onObject: Readonly<Record<string, S3Operation>> = { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }
