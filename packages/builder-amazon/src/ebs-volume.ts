import type { Artifact, BuildContext, Builder, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { InstanceOptions } from './amazon-ebs-options.ts'
import { instanceEntries, instanceInputs, instanceIssues } from './amazon-ebs-schema.ts'
import type { AwsReference } from './aws/aws.ts'
import { connectAgain, connectAws } from './aws/connect.ts'
import type { Connect } from './job.ts'
import { openJob } from './job.ts'
import type { BuiltVolume } from './options/built-volume.ts'
import { builtVolumeSchema, builtVolumesIssues, withVolumes } from './options/built-volume.ts'
import { keyIssues, usedKeys } from './options/used-keys.ts'
import { preflight } from './preflight.ts'
import { all } from './steps/all.ts'
import { launch } from './steps/launch.ts'
import { provisionInstance } from './steps/provision-instance.ts'
import { findStart } from './steps/start.ts'
import { stopInstance } from './steps/stop-instance.ts'
import type { VolumeResult } from './steps/finish-volume.ts'
import { handOverVolume, snapshotVolume } from './steps/finish-volume.ts'
import { unlessGone } from './resources/removal.ts'

/** What {@link ebsVolume} takes. */
export interface EbsVolumeOptions extends Omit<InstanceOptions, 'spot'> {
  /** The volumes that stay when the instance goes. Packer: `ebs_volumes`. */
  readonly volumes: readonly BuiltVolume[]
}

/** Volumes and snapshots. */
export interface VolumesArtifact extends Artifact {
  readonly type: 'amazon-volumes'
  /** `region:vol-…` and `region:snap-…`, with commas between them. */
  readonly id: string
  readonly region: string
  readonly volumes: readonly VolumeResult[]
  /** The account's access, without secrets. */
  readonly access: AwsReference
}

const schema = v.strictObject({
  ...instanceEntries,
  volumes: v.pipe(v.array(builtVolumeSchema), v.minLength(1, 'must hold a volume')),
})

/**
 * Fills volumes: the provisioners work in an instance that has them attached; the instance goes, and the volumes or snapshots of them stay.
 *
 * Fails as `amazonEbs` does.
 * @example ebsVolume({ sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' }, instanceType: 't3.small', volumes: [{ device: '/dev/sdf', size: 100, snapshot: { tags: { data: 'maps' } } }] })
 */
export function ebsVolume(options: EbsVolumeOptions): Builder<VolumesArtifact> {
  return {
    kind: 'builder',
    type: 'amazon-ebs-volume',
    options,
    makes: { type: 'amazon-volumes', files: false },
    validate: () => issuesOf(options),
    inputs: () => instanceInputs(options),
    preflight: (ctx) => preflight(options, false, ctx, { volumes: options.volumes }),
    build: (ctx) => build(options, ctx),
    destroyArtifact: (artifact, { signal }) => destroy(artifact, options, signal),
  }
}

function issuesOf(options: EbsVolumeOptions): readonly Issue[] {
  const issues = optionSchema.schemaIssues(schema, options)
  if (issues.length > 0) return issues
  return [
    ...instanceIssues(options),
    ...keyIssues(usedKeys(options, options.region)),
    ...builtVolumesIssues(options.volumes, options.launch),
  ]
}

/** The build, from top to bottom. */
export async function build(options: EbsVolumeOptions, ctx: BuildContext, connect?: Connect): Promise<VolumesArtifact> {
  const job = await openJob(options, ctx, connect)
  const { source, facts } = await findStart(job, options, { ami: false, volumes: options.volumes })
  const launched = await launch(job, withVolumes(options, options.volumes), source, facts, {})
  await provisionInstance(job, options, launched, source, facts)
  await stopInstance(job, options, launched.instance.id)
  const volumes = await ctx.step('volumes', 'hand the volumes over', async () => {
    const owned = await all(options.volumes.map(async (volume) => snapshotVolume(job, launched.instance, volume, facts)))
    return await all(owned.map(async (each) => handOverVolume(job, each, facts)))
  })
  const ids = volumes
    .flatMap(({ volumeId, snapshotId }) => [volumeId, snapshotId])
    .flatMap((id) => (id === undefined ? [] : [`${job.aws.region}:${id}`]))
  return {
    type: 'amazon-volumes',
    id: ids.toSorted((a, b) => (a < b ? -1 : 1)).join(','),
    region: job.aws.region,
    volumes,
    access: job.aws.reference,
  }
}

async function destroy({ volumes, region, access }: VolumesArtifact, options: EbsVolumeOptions, signal: AbortSignal): Promise<void> {
  const aws = options.access === undefined ? await connectAgain(access) : await connectAws({ region, access: options.access })
  for (const { volumeId, snapshotId } of volumes) {
    if (volumeId !== undefined) await unlessGone(() => aws.call('DeleteVolume', { VolumeId: volumeId }, { signal }))
    if (snapshotId !== undefined) await unlessGone(() => aws.call('DeleteSnapshot', { SnapshotId: snapshotId }, { signal }))
  }
}
