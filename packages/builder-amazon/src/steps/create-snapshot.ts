import type { Resource } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { Tags } from '../aws/own.ts'
import { nameTag } from '../aws/own.ts'
import { poll } from '../aws/poll.ts'
import { tagFilter, tagSpecifications } from '../aws/tags.ts'
import type { AwsJob } from '../job.ts'
import { acquire } from '../resources/acquire.ts'

/** What to make a snapshot of. */
export interface SnapshotOrder {
  readonly volumeId: string
  /** Names the snapshot among those of the build. */
  readonly what: string
  readonly description: string
  readonly tags: Tags
}

/** A snapshot that is the build's until it is finished. */
export interface OwnedSnapshot {
  readonly resource: Resource<string>
  readonly snapshotId: string
  readonly volumeId: string
}

/** Makes a snapshot of a volume, and waits until it is whole. */
export async function createSnapshot(job: AwsJob, order: SnapshotOrder): Promise<OwnedSnapshot> {
  const { aws, ctx, own } = job
  const name = own.name(order.what)
  const { Name: _, ...owner } = own.tags(name)
  const request = {
    VolumeId: order.volumeId,
    Description: order.description,
    TagSpecifications: tagSpecifications({ snapshot: { ...order.tags, ...owner } }),
  }
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-snapshot',
    name,
    create: async (signal) => {
      const { SnapshotId, $metadata } = await aws.call('CreateSnapshot', request, { signal })
      if (SnapshotId === undefined) throw new ImagoError('PROVIDER_FAILED', 'CreateSnapshot answers without a snapshot')
      if (($metadata.attempts ?? 1) > 1) await deleteTwins(job, name, SnapshotId, signal)
      return SnapshotId
    },
    id: (id) => id,
  })
  await waitForSnapshot(job, resource.value)
  return { resource, snapshotId: resource.value, volumeId: order.volumeId }
}

/** AWS makes a second snapshot when the answer about the first was lost, for it takes no token. */
async function deleteTwins({ aws }: AwsJob, name: string, keep: string, signal: AbortSignal): Promise<void> {
  const { Snapshots = [] } = await aws.call('DescribeSnapshots', { OwnerIds: ['self'], Filters: [tagFilter(nameTag, name)] }, { signal })
  for (const { SnapshotId = '' } of Snapshots) {
    if (SnapshotId !== keep) await aws.call('DeleteSnapshot', { SnapshotId }, { signal })
  }
}

async function waitForSnapshot({ aws, ctx, polling }: AwsJob, id: string): Promise<void> {
  let percent = -1
  await poll({
    what: `the snapshot ${id}`,
    signal: ctx.signal,
    timeoutMs: polling.imageTimeoutMs,
    pace: polling.pace,
    look: async (signal) => (await aws.call('DescribeSnapshots', { SnapshotIds: [id] }, { signal })).Snapshots?.[0],
    isDone: ({ State }) => State === 'completed',
    failure: ({ State, StateMessage = '' }) =>
      State === 'error' ? new ImagoError('PROVIDER_FAILED', `the snapshot ${id} has failed: ${StateMessage}`) : undefined,
    onLook: ({ Progress = '0%' }) => {
      const now = Number.parseInt(Progress, 10) || 0
      if (now <= percent) return
      percent = now
      ctx.emit({ type: 'progress', task: `snapshot ${id}`, done: now, total: 100, unit: 'percent' })
    },
    describe: ({ State = 'unknown', Progress = '' }) => `${State} ${Progress}`.trim(),
  })
}
