import type { Aws, CallOptions } from '../aws/aws.ts'
import type { ImportTaskDescription } from '../aws/aws-sdk.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import { nameTag } from '../aws/own.ts'
import { tagsOf } from '../aws/tags.ts'
import type { Removal } from './removal.ts'
import { idsOf } from './removal.ts'
import { deregister } from './remove-image.ts'
import { removeObject } from './remove-object.ts'

/** Cancels an import, and deletes the disk that it is of. The image of one that is complete, which nobody has taken over, goes. */
export async function cancelImport(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> =>
    (await importTasks(aws, { signal }))
      .filter(({ Tags }) => tagsOf(Tags)[nameTag] === removal.name)
      .map(({ ImportTaskId = '' }) => ImportTaskId)
  for (const id of await idsOf(removal, find, signal)) {
    try {
      await aws.call('CancelImportTask', { ImportTaskId: id }, { signal })
    } catch (error) {
      if (!isNotFound(error) && !hasAwsCode(error, ['IncorrectState', 'InvalidParameterValue'])) throw error // it is over
    }
    const { ImportImageTasks: [task] = [] } = await aws.call('DescribeImportImageTasks', { ImportTaskIds: [id] }, { signal })
    if (task?.Status === 'completed' && task.ImageId !== undefined) await deregister(aws, task.ImageId, { signal, snapshots: { but: [] } })
    for (const { UserBucket: { S3Bucket: bucket, S3Key: key } = {} } of task?.SnapshotDetails ?? []) {
      if (bucket !== undefined && key !== undefined) await removeObject(aws, { id: undefined, name: `${bucket}/${key}` }, signal)
    }
  }
}

/** The imports of a region. AWS filters them by their state only. */
export async function importTasks(aws: Aws, call: CallOptions): Promise<readonly ImportTaskDescription[]> {
  const found: ImportTaskDescription[] = []
  for (let token: string | undefined; ;) {
    const request = token === undefined ? {} : { NextToken: token }
    const { ImportImageTasks = [], NextToken } = await aws.call('DescribeImportImageTasks', request, call)
    found.push(...ImportImageTasks)
    if (NextToken === undefined || NextToken === '') return found
    token = NextToken
  }
}
