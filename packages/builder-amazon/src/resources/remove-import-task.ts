import type { Aws } from '../aws/aws.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import { nameTag } from '../aws/own.ts'
import { tagFilter } from '../aws/tags.ts'
import type { Removal } from './removal.ts'
import { idsOf } from './removal.ts'
import { deregister } from './remove-image.ts'

/** Cancels an import. The image of one that is complete, which nobody has taken over, goes. */
export async function cancelImport(aws: Aws, removal: Removal, signal: AbortSignal): Promise<void> {
  const find = async (): Promise<string[]> => {
    const { ImportImageTasks = [] } = await aws.call(
      'DescribeImportImageTasks',
      { Filters: [tagFilter(nameTag, removal.name)] },
      { signal },
    )
    return ImportImageTasks.map(({ ImportTaskId = '' }) => ImportTaskId)
  }
  for (const id of await idsOf(removal, find, signal)) {
    try {
      await aws.call('CancelImportTask', { ImportTaskId: id }, { signal })
    } catch (error) {
      if (!isNotFound(error) && !hasAwsCode(error, ['IncorrectState', 'InvalidParameterValue'])) throw error // it is over
    }
    const { ImportImageTasks: [task] = [] } = await aws.call('DescribeImportImageTasks', { ImportTaskIds: [id] }, { signal })
    if (task?.Status === 'completed' && task.ImageId !== undefined) await deregister(aws, task.ImageId, { signal, withSnapshots: true })
  }
}
