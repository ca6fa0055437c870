import { ImagoError } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import { expiryTag, ownerTag } from '../aws/own.ts'
import { poll } from '../aws/poll.ts'
import type { AwsJob } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { deprecationTime } from '../options/ami.ts'
import type { LaunchTemplateReference } from '../options/fast-launch.ts'
import type { SnapshotShareOptions } from '../options/share.ts'
import { all } from './all.ts'
import { isTemplateId } from './ami-issues.ts'
import type { OwnedImage } from './create-image.ts'

/** Gives an image in one region everything that it is to have beside its content. Who may use it is said last. */
export async function finishImage(job: AwsJob, ami: AmiOptions, owned: OwnedImage): Promise<void> {
  const aws = job.aws.in(owned.region)
  const call = { signal: job.ctx.signal }
  const ImageId = owned.image.id
  if (ami.fastLaunch !== undefined) await enableFastLaunch(job, aws, ami.fastLaunch, owned)
  const at = deprecationTime(ami, job.now)
  if (at !== undefined) await aws.call('EnableImageDeprecation', { ImageId, DeprecateAt: at }, call)
  if (ami.imdsSupport !== undefined)
    await aws.call('ModifyImageAttribute', { ImageId, Attribute: 'imdsSupport', ImdsSupport: { Value: ami.imdsSupport } }, call)
  if (ami.productCodes !== undefined) {
    await aws.call('ModifyImageAttribute', { ImageId, Attribute: 'productCodes', ProductCodes: [...ami.productCodes] }, call)
  }
  await shareImage(aws, ami, owned, job)
  const { deregistrationProtection: protection = false } = ami
  if (protection !== false) {
    const WithCooldown = typeof protection === 'object' && protection.cooldown
    await aws.call('EnableImageDeregistrationProtection', { ImageId, WithCooldown }, call)
  }
}

async function shareImage(
  aws: Aws,
  { shareWith, shareSnapshotsWith }: AmiOptions,
  { image, snapshotIds }: OwnedImage,
  { ctx }: AwsJob,
): Promise<void> {
  if (shareWith !== undefined) {
    const { accounts = [], organizations = [], organizationalUnits = [], everybody } = shareWith
    const Add = [
      ...accounts.map((UserId) => ({ UserId })),
      ...organizations.map((OrganizationArn) => ({ OrganizationArn })),
      ...organizationalUnits.map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
      ...(everybody === true ? [{ Group: 'all' as const }] : []),
    ]
    if (Add.length > 0)
      await aws.call('ModifyImageAttribute', { ImageId: image.id, Attribute: 'launchPermission', LaunchPermission: { Add } }, ctx)
  }
  if (shareSnapshotsWith === undefined) return
  for (const id of snapshotIds) await shareSnapshot(aws, shareSnapshotsWith, id, ctx)
}

/** Lets others make volumes of a snapshot. */
export async function shareSnapshot(
  aws: Aws,
  { accounts = [], everybody }: SnapshotShareOptions,
  id: string,
  call: CallOptions,
): Promise<void> {
  const Add = [...accounts.map((UserId) => ({ UserId })), ...(everybody === true ? [{ Group: 'all' as const }] : [])]
  if (Add.length === 0) return
  await aws.call('ModifySnapshotAttribute', { SnapshotId: id, Attribute: 'createVolumePermission', CreateVolumePermission: { Add } }, call)
}

async function enableFastLaunch(
  { ctx, polling }: AwsJob,
  aws: Aws,
  options: NonNullable<AmiOptions['fastLaunch']>,
  { image, region }: OwnedImage,
): Promise<void> {
  const { ready = 5, parallel = 6, template, regionTemplates = {} } = options
  const reference = regionTemplates[region] ?? template
  await aws.call(
    'EnableFastLaunch',
    {
      ImageId: image.id,
      ResourceType: 'snapshot',
      MaxParallelLaunches: parallel,
      SnapshotConfiguration: { TargetResourceCount: ready },
      ...(reference !== undefined && { LaunchTemplate: templateInput(reference) }),
    },
    ctx,
  )
  await poll({
    what: `fast launch of ${image.id} in ${region}`,
    signal: ctx.signal,
    timeoutMs: polling.imageTimeoutMs,
    pace: polling.pace,
    look: async (signal) => (await aws.call('DescribeFastLaunchImages', { ImageIds: [image.id] }, { signal })).FastLaunchImages?.[0],
    isDone: ({ State }) => State === 'enabled',
    failure: ({ State = '', StateTransitionReason = '' }) =>
      /failed|disabl/.test(State)
        ? new ImagoError('PROVIDER_FAILED', `fast launch of ${image.id} in ${region} is ${State}: ${StateTransitionReason}`)
        : undefined,
    describe: ({ State = 'unknown' }) => State,
  })
}

function templateInput({ template, version }: LaunchTemplateReference): {
  LaunchTemplateId?: string
  LaunchTemplateName?: string
  Version: string
} {
  return {
    ...(isTemplateId(template) ? { LaunchTemplateId: template } : { LaunchTemplateName: template }),
    Version: version === undefined ? '$Latest' : String(version),
  }
}

/**
 * Takes the tags off that say that images are not finished, and lets the journal forget them: from now on they are the user's. Tags that
 * say which run has made them stay.
 */
export async function handOver(job: AwsJob, images: readonly OwnedImage[]): Promise<void> {
  const Tags = [ownerTag, expiryTag].map((Key) => ({ Key }))
  await all(
    images.map(async ({ region, image, snapshotIds }) =>
      job.aws.in(region).call('DeleteTags', { Resources: [image.id, ...snapshotIds], Tags }, job.ctx),
    ),
  )
  for (const { resource } of images) await resource.disown()
}
