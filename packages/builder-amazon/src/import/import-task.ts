import { ImagoError } from '@imago/core'

import type { Operations } from '../aws/aws-sdk.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import { expiryTag, ownerTag } from '../aws/own.ts'
import { poll } from '../aws/poll.ts'
import { tagSpecifications } from '../aws/tags.ts'
import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { OwnedImage } from '../steps/create-image.ts'
import type { AmazonImportOptions, ImportFormat } from './amazon-import-options.ts'
import { ownImported } from './own-imported.ts'

/** What AWS is asked to import. */
export interface ImportOrder {
  readonly options: AmazonImportOptions
  readonly format: ImportFormat
  readonly bucket: string
  readonly key: string
}

type ImportRequest = Operations['ImportImage']['input']

function importRequest({ ctx, own }: AwsJob, { options, format, bucket, key }: ImportOrder): ImportRequest {
  const { architecture = 'x86_64', bootMode, platform, licenseType, roleName, ami = {} } = options
  return {
    Description: `${ctx.image} ${ctx.build}`,
    DiskContainers: [{ Format: format.toUpperCase(), UserBucket: { S3Bucket: bucket, S3Key: key } }],
    Architecture: architecture,
    ...(bootMode !== undefined && { BootMode: bootMode }),
    ...(platform !== undefined && { Platform: platform === 'linux' ? 'Linux' : 'Windows' }),
    ...(licenseType !== undefined && { LicenseType: licenseType }),
    ...(roleName !== undefined && { RoleName: roleName }),
    ...(ami.encrypt === true && { Encrypted: true, ...(ami.kmsKey !== undefined && { KmsKeyId: ami.kmsKey }) }),
    TagSpecifications: tagSpecifications({ 'import-image-task': own.tags(own.name('import')) }),
  }
}

/**
 * Asks AWS whether it would import a disk, before that is uploaded.
 * @throws ImagoError what AWS says: there is no such role, it may not be done
 */
export async function tryImport(job: AwsJob, order: ImportOrder): Promise<void> {
  try {
    await job.aws.call('ImportImage', { ...importRequest(job, order), DryRun: true }, job.ctx)
  } catch (error) {
    if (!hasAwsCode(error, ['DryRunOperation'])) throw error
  }
}

/**
 * Lets AWS import a disk, and waits until the image is there.
 * @throws ImagoError `PROVIDER_FAILED` with AWS's reason when it cannot
 */
export async function runImportTask(job: AwsJob, order: ImportOrder): Promise<OwnedImage> {
  const { aws, ctx, own, polling } = job
  const name = own.name('import')
  const request = { ...importRequest(job, order), ClientToken: own.token('import') }
  const task = await acquire(aws, ctx, {
    kind: 'amazon-import-task',
    name,
    create: async (signal) => {
      const { ImportTaskId } = await aws.call('ImportImage', request, { signal })
      if (ImportTaskId === undefined) throw new ImagoError('PROVIDER_FAILED', 'ImportImage answers without a task')
      return ImportTaskId
    },
    id: (id) => id,
  })
  const { ImageId = '' } = await poll({
    what: `the import ${task.value}`,
    signal: ctx.signal,
    timeoutMs: polling.imageTimeoutMs,
    pace: polling.pace,
    look: async (signal) => (await aws.call('DescribeImportImageTasks', { ImportTaskIds: [task.value] }, { signal })).ImportImageTasks?.[0],
    isDone: ({ Status }) => Status === 'completed',
    failure: ({ Status = '', StatusMessage = '' }) =>
      /delet|cancel/.test(Status) ? new ImagoError('PROVIDER_FAILED', `AWS cannot import the disk: ${StatusMessage}`) : undefined,
    onLook: ({ Progress, StatusMessage = '' }) =>
      ctx.emit({ type: 'progress', task: `import: ${StatusMessage}`, done: Number(Progress ?? 0), total: 100, unit: 'percent' }),
    describe: ({ Status = 'unknown', StatusMessage = '' }) => `${Status} ${StatusMessage}`.trim(),
  })
  const imported = await ownImported(job, ImageId)
  const Tags = [ownerTag, expiryTag].map((Key) => ({ Key }))
  await aws.call('DeleteTags', { Resources: [task.value], Tags }, ctx) // AWS remembers the task, and its image is no concern of it any more
  await task.disown()
  return imported
}
