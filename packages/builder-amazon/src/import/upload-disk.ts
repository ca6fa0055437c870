import { createReadStream } from 'node:fs'

import type { PostProcessContext, Resource } from '@imago/core'
import { fileSystemError, progressReporter, resolveFacts } from '@imago/core'

import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { AmazonImportOptions } from './amazon-import-options.ts'
import type { ImportDisk } from './find-disk.ts'

/** The key that a disk gets in its bucket. */
export function objectKey({ key }: AmazonImportOptions, disk: ImportDisk, { ctx, own }: ImportJob): string {
  return key === undefined ? `imago/${ctx.runId}/${own.name('disk')}.${disk.format}` : resolveFacts(key, ctx.facts)
}

/** What works at AWS for one import. */
export interface ImportJob extends AwsJob {
  readonly ctx: PostProcessContext
}

/** Uploads a disk to S3, in parts, as an object that goes when the import is over. */
export async function uploadDisk(
  { aws, ctx, own }: ImportJob,
  { bucket, objectEncryption }: AmazonImportOptions,
  disk: ImportDisk,
  key: string,
): Promise<Resource<string>> {
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
          { signal, size: disk.size, onProgress: (bytes) => progress.onProgress({ bytes, total: disk.size }) },
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
  return resource
}
