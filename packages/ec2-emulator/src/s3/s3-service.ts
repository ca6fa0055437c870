import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'

import type { ApiError } from '../api-error.ts'
import { apiError } from '../api-error.ts'
import { xmlElement } from '../protocol/xml-encoder.ts'
import { decodeChunks } from './chunked-body.ts'
import type { Bucket, MultipartUpload, ObjectStore, StoredObject, Tags } from './object-store.ts'
import type { S3Operation, S3Request } from './s3-request.ts'

/** An answer of S3. */
export interface S3Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Readable
}

type Handler = (store: ObjectStore, request: S3Request) => S3Answer | Promise<S3Answer>

/** Answers a request: buckets, objects, uploads in parts. No versions, no policies, no encryption. */
export async function answerS3(store: ObjectStore, operation: S3Operation, request: S3Request): Promise<S3Answer> {
  return await handlers[operation](store, request)
}

const handlers: Readonly<Record<S3Operation, Handler>> = {
  ListBuckets: ({ buckets }) =>
    xml(
      'ListAllMyBucketsResult',
      `<Buckets>${[...buckets.keys()].map((name) => `<Bucket>${xmlElement('Name', name)}</Bucket>`).join('')}</Buckets>`,
    ),
  CreateBucket(store, { bucket, region }) {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw apiError('InvalidBucketName', 'The specified bucket is not valid.')
    if (store.buckets.has(bucket))
      throw apiError('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.', 409)
    store.create(bucket, region)
    return empty(200, { location: `/${bucket}` })
  },
  HeadBucket: (store, { bucket }) => empty(200, { 'x-amz-bucket-region': store.require(bucket).region }),
  DeleteBucket(store, { bucket }) {
    if (store.require(bucket).objects.size > 0) throw apiError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409)
    store.buckets.delete(bucket)
    return empty(204)
  },
  GetBucketLocation(store, { bucket }) {
    const { region } = store.require(bucket)
    return xml('LocationConstraint', region === 'us-east-1' ? '' : region)
  },
  ListObjectsV2(store, { bucket, query }) {
    const prefix = query.get('prefix') ?? ''
    const found = [...store.require(bucket).objects].filter(([key]) => key.startsWith(prefix))
    const contents = found.map(([key, { size, etag, modifiedAt }]) => {
      const members = [
        xmlElement('Key', key),
        xmlElement('LastModified', modifiedAt.toISOString()),
        xmlElement('ETag', etag),
        xmlElement('Size', String(size)),
      ]
      return `<Contents>${members.join('')}</Contents>`
    })
    return xml(
      'ListBucketResult',
      [
        xmlElement('Name', bucket),
        xmlElement('Prefix', prefix),
        xmlElement('KeyCount', String(found.length)),
        xmlElement('IsTruncated', 'false'),
        ...contents,
      ].join(''),
    )
  },
  async PutObject(store, request) {
    const bucket = store.require(request.bucket)
    const object = await store.write(contentOf(request))
    await replace(store, bucket, request.key, { ...object, tags: tagsOf(request) })
    return empty(200, { etag: object.etag })
  },
  GetObject(store, request) {
    const object = requireObject(store, request)
    return { status: 200, headers: objectHeaders(object), body: createReadStream(object.path) }
  },
  HeadObject: (store, request) => empty(200, objectHeaders(requireObject(store, request))),
  async DeleteObject(store, { bucket, key }) {
    const { objects } = store.require(bucket)
    const object = objects.get(key)
    objects.delete(key)
    if (object !== undefined) await store.drop(object)
    return empty(204)
  },
  CreateMultipartUpload(store, request) {
    const { bucket, key } = request
    const id = randomUUID()
    store.require(bucket).uploads.set(id, { key, tags: tagsOf(request), parts: new Map() })
    return xml('InitiateMultipartUploadResult', `${xmlElement('Bucket', bucket)}${xmlElement('Key', key)}${xmlElement('UploadId', id)}`)
  },
  async UploadPart(store, request) {
    const { parts } = requireUpload(store, request)
    const number = Number(request.query.get('partNumber'))
    if (!Number.isInteger(number) || number < 1 || number > 10_000)
      throw apiError('InvalidArgument', 'Part number must be an integer between 1 and 10000')
    const part = await store.write(contentOf(request))
    parts.set(number, part)
    return empty(200, { etag: part.etag })
  },
  async CompleteMultipartUpload(store, request) {
    const { parts, key, tags } = requireUpload(store, request)
    const named = [...(await textOf(request.body)).matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number))
    const chosen = named.map((number) => parts.get(number)).filter((part) => part !== undefined)
    if (chosen.length === 0 || chosen.length !== named.length)
      throw apiError('InvalidPart', 'One or more of the specified parts could not be found.')
    const bucket = store.require(request.bucket)
    const id = request.query.get('uploadId') ?? ''
    // it may be aborted meanwhile, which takes its parts away
    const whole = await store.join(chosen).catch((error: unknown) => {
      throw bucket.uploads.has(id) ? error : noSuchUpload()
    })
    if (!bucket.uploads.delete(id)) {
      await store.drop(whole)
      throw noSuchUpload()
    }
    await replace(store, bucket, key, { ...whole, tags })
    return xml(
      'CompleteMultipartUploadResult',
      [xmlElement('Bucket', request.bucket), xmlElement('Key', key), xmlElement('ETag', whole.etag)].join(''),
    )
  },
  async AbortMultipartUpload(store, request) {
    const { parts } = requireUpload(store, request)
    store.require(request.bucket).uploads.delete(request.query.get('uploadId') ?? '')
    await Promise.all([...parts.values()].map((part) => store.drop(part)))
    return empty(204)
  },
  ListMultipartUploads(store, { bucket }) {
    const uploads = [...store.require(bucket).uploads].map(
      ([id, { key }]) => `<Upload>${xmlElement('Key', key)}${xmlElement('UploadId', id)}</Upload>`,
    )
    return xml('ListMultipartUploadsResult', `${xmlElement('Bucket', bucket)}${xmlElement('IsTruncated', 'false')}${uploads.join('')}`)
  },
}

/** The tags that an object is created with: AWS takes 10. */
function tagsOf({ headers }: S3Request): Tags {
  const tags = Object.fromEntries(new URLSearchParams(String(headers['x-amz-tagging'] ?? '')))
  if (Object.keys(tags).length > 10) throw apiError('BadRequest', 'Object tags cannot be greater than 10')
  for (const [key, value] of Object.entries(tags)) {
    if (key.length > 128 || value.length > 256 || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key + value)) {
      throw apiError('InvalidTag', `The TagKey or TagValue you have provided is invalid: ${key}`)
    }
  }
  return tags
}

async function replace(store: ObjectStore, { objects }: Bucket, key: string, object: StoredObject): Promise<void> {
  const old = objects.get(key)
  objects.set(key, object)
  if (old !== undefined) await store.drop(old)
}

function requireObject(store: ObjectStore, { bucket, key }: S3Request): StoredObject {
  const object = store.require(bucket).objects.get(key)
  if (object === undefined) throw apiError('NoSuchKey', 'The specified key does not exist.')
  return object
}

function requireUpload(store: ObjectStore, { bucket, query }: S3Request): MultipartUpload {
  const upload = store.require(bucket).uploads.get(query.get('uploadId') ?? '')
  if (upload === undefined) throw noSuchUpload()
  return upload
}

function noSuchUpload(): ApiError {
  return apiError('NoSuchUpload', 'The specified multipart upload does not exist.')
}

function contentOf({ headers, body }: S3Request): AsyncIterable<Buffer> {
  const isChunked =
    headers['content-encoding']?.includes('aws-chunked') === true || String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')
  return isChunked ? decodeChunks(body) : body
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function objectHeaders({ size, etag, modifiedAt }: StoredObject): Record<string, string> {
  return { 'content-length': String(size), etag, 'last-modified': modifiedAt.toUTCString(), 'content-type': 'binary/octet-stream' }
}

function empty(status: number, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status, headers, body: '' }
}

function xml(name: string, members: string): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${members}</${name}>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}
