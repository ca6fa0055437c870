import { ImagoError } from '@imago/core'

import type { Instance } from '../aws/instances.ts'
import { poll } from '../aws/poll.ts'
import type { Job } from '../job.ts'

/**
 * The volume of an instance at a device.
 * @throws ImagoError `PROVIDER_FAILED` when it has none there
 */
export function volumeOf({ id, volumes }: Instance, device: string): string {
  const found = volumes.find((volume) => volume.device === device)?.volumeId
  if (found !== undefined && found !== '') return found
  throw new ImagoError('PROVIDER_FAILED', `instance ${id} has no volume at ${device}`, {
    hint: `it has ${volumes.map((volume) => volume.device).join(', ') || 'none'}`,
  })
}

/** Gives a stopped instance another root volume: the one at `source`. The old one goes with the instance. */
export async function swapRoot(
  job: Job,
  instance: Instance,
  { source, root }: { readonly source: string; readonly root: string },
): Promise<void> {
  const { aws, ctx } = job
  const made = volumeOf(instance, source)
  const old = volumeOf(instance, root)
  await aws.call('DetachVolume', { VolumeId: old }, ctx)
  await aws.call('DetachVolume', { VolumeId: made }, ctx)
  await waitForVolume(job, old, 'available')
  await waitForVolume(job, made, 'available')
  await aws.call('AttachVolume', { VolumeId: made, InstanceId: instance.id, Device: root }, ctx)
  await waitForVolume(job, made, 'in-use')
  // a volume that is attached later stays when its instance goes, unless one says otherwise
  const mappings = [{ DeviceName: root, Ebs: { DeleteOnTermination: true } }]
  await aws.call('ModifyInstanceAttribute', { InstanceId: instance.id, BlockDeviceMappings: mappings }, ctx)
}

async function waitForVolume({ aws, ctx, polling }: Job, id: string, state: 'available' | 'in-use'): Promise<void> {
  await poll({
    what: `the volume ${id} to be ${state}`,
    signal: ctx.signal,
    timeoutMs: polling.timeoutMs,
    pace: polling.pace,
    look: async (signal) => (await aws.call('DescribeVolumes', { VolumeIds: [id] }, { signal })).Volumes?.[0],
    isDone: ({ State, Attachments = [] }) =>
      State === state && (state === 'available' || Attachments.some((each) => each.State === 'attached')),
    describe: ({ State = 'unknown' }) => State,
  })
}
