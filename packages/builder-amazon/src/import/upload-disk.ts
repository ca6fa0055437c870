import { createReadStream } from 'node:fs'

import type { PostProcessContext, Resource } from '@imago/core'
import { fileSystemError, progressReporter, resolveFacts } from '@imago/core'

import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { AmazonImportOptions } from './amazon-import-options.ts'
import type { ImportDisk } from './find-disk.ts'

/** An object in a bucket that goes when the import is over. */
export interface UploadedDisk {
  readonly bucket: string
  readonly key: string
  readonly resource: Resource<string>
}

/** Uploads a disk to S3, in parts. */
export async function uploadDisk(
  { aws, ctx, own }: AwsJob & { readonly ctx: PostProcessContext },
  options: AmazonImportOptions,
  disk: ImportDisk,
): Promise<UploadedDisk> {
  const { bucket, objectEncryption } = options
  const key = options.key === undefined ? `imago/${ctx.runId}/${own.name('disk')}.${disk.format}` : resolveFacts(options.key, ctx.facts)
  const progress = progressReporter(`upload ${disk.path}`, ctx.emit, disk.size)
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-object',
    name: `${bucket}/${key}`,
    create: async (signal) => {
      const body = createReadStream(disk.path)
      try {
        const encryption =
          typeof objectEncryption === 'object'
            ? { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: objectEncryption.kmsKey }
            : objectEncryption !== undefined && { ServerSideEncryption: objectEncryption }
        await aws.upload(
          { Bucket: bucket, Key: key, Body: body, Tagging: new URLSearchParams(own.tags(own.name('object'))).toString(), ...encryption },
          { signal, onProgress: (bytes) => progress.onProgress({ bytes, total: disk.size }) },
        )
      } catch (error) {
        throw fileSystemError(error, `the disk '${disk.path}'`)
      } finally {
        body.destroy()
      }
      return key
    },
    id: (id) => id,
  })
  progress.finish()
  return { bucket, key, resource }
}
