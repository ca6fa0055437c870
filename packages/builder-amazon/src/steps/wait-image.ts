import { ImagoError } from '@imago/core'

import type { Aws } from '../aws/aws.ts'
import type { Image } from '../aws/images.ts'
import { describeImage, snapshotsOf } from '../aws/images.ts'
import { poll } from '../aws/poll.ts'
import { tagFilter } from '../aws/tags.ts'
import { nameTag } from '../aws/own.ts'
import type { AwsJob } from '../job.ts'

/** How often to ask how far the snapshots are. */
const progressEveryMs = 5000

/**
 * Waits until an image can be used, and says how far its snapshots are.
 * @throws ImagoError `PROVIDER_FAILED` with AWS's reason when it never will be
 */
export async function waitForImage({ ctx, polling }: AwsJob, aws: Aws, id: string, resourceName: string): Promise<Image> {
  let percent = -1
  let askAt = 0
  return await poll({
    what: `the AMI ${id} in ${aws.region}`,
    signal: ctx.signal,
    timeoutMs: polling.imageTimeoutMs,
    pace: polling.pace,
    look: async (signal) => {
      const image = await describeImage(aws, id, { signal })
      if (image?.state !== 'pending' || performance.now() < askAt) return image
      askAt = performance.now() + progressEveryMs
      const now = await snapshotPercent(aws, resourceName, signal)
      if (now !== undefined && now > percent) {
        percent = now
        ctx.emit({ type: 'progress', task: `snapshots in ${aws.region}`, done: now, total: 100, unit: 'percent' })
      }
      return image
    },
    isDone: (image) => image.state === 'available' && snapshotsOf(image).length > 0,
    failure: (image) => (isHopeless(image) ? imageFailed(image, aws) : undefined),
    describe: ({ state }) => state,
  })
}

function isHopeless({ state }: Image): boolean {
  return state === 'failed' || state === 'error' || state === 'invalid' || state === 'deregistered'
}

function imageFailed({ id, state, reason }: Image, { region }: Aws): ImagoError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new ImagoError('PROVIDER_FAILED', `the AMI ${id} in ${region} is ${state}${why}`)
}

/** How far the snapshots are that bear a name, in percent; `undefined` when that is not known. */
async function snapshotPercent(aws: Aws, name: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const query = { OwnerIds: ['self'], Filters: [tagFilter(nameTag, name)] }
    const { Snapshots = [] } = await aws.call('DescribeSnapshots', query, { signal })
    const parts = Snapshots.map(({ Progress = '0%' }) => Number.parseInt(Progress, 10) || 0)
    return parts.length === 0 ? undefined : Math.floor(parts.reduce((sum, part) => sum + part, 0) / parts.length)
  } catch {
    return undefined // it only shows how far it is
  }
}
