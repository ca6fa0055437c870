import { ImagoError } from '@imago/core'

import { expiryTag, ownerTag } from '../aws/own.ts'
import { poll } from '../aws/poll.ts'
import { tagSpecifications } from '../aws/tags.ts'
import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { OwnedImage } from '../steps/create-image.ts'
import type { AmazonImportOptions, ImportFormat } from './amazon-import-options.ts'
import { ownImported } from './own-imported.ts'
import type { UploadedDisk } from './upload-disk.ts'

/**
 * Lets AWS import a disk, and waits until the image is there.
 * @throws ImagoError `PROVIDER_FAILED` with AWS's reason when it cannot
 */
export async function runImportTask(
  job: AwsJob,
  options: AmazonImportOptions,
  format: ImportFormat,
  object: UploadedDisk,
): Promise<OwnedImage> {
  const { aws, ctx, own, polling } = job
  const { architecture, bootMode, platform, licenseType, roleName, ami = {} } = options
  const name = own.name('import')
  const request = {
    ClientToken: own.token('import'),
    Description: `${ctx.image} ${ctx.build}`,
    DiskContainers: [{ Format: format.toUpperCase(), UserBucket: { S3Bucket: object.bucket, S3Key: object.key } }],
    ...(architecture !== undefined && { Architecture: architecture }),
    ...(bootMode !== undefined && { BootMode: bootMode }),
    ...(platform !== undefined && { Platform: platform === 'linux' ? 'Linux' : 'Windows' }),
    ...(licenseType !== undefined && { LicenseType: licenseType }),
    ...(roleName !== undefined && { RoleName: roleName }),
    ...(ami.encrypt === true && { Encrypted: true, ...(ami.kmsKey !== undefined && { KmsKeyId: ami.kmsKey }) }),
    TagSpecifications: tagSpecifications({ 'import-image-task': own.tags(name) }),
  }
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
