import type { Facts, Issue } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { Aws, CallOptions } from '../aws/aws.ts'
import type { Image } from '../aws/images.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import { namedSnapshots } from '../options/block-device.ts'
import type { LaunchTemplateReference } from '../options/fast-launch.ts'
import { filterList } from '../options/text.ts'

/** What is wrong with the options of an AMI that is made of a source image. */
export function sourceIssues(ami: AmiOptions, source: Image, region: string): readonly Issue[] {
  const issues: Issue[] = []
  if (ami.fastLaunch !== undefined && !source.isWindows) {
    const message = `is for Windows, and the source AMI ${source.id} (${source.name}) is not`
    issues.push({ path: ['ami', 'fastLaunch'], message })
  }
  const isShared = ami.shareWith !== undefined || ami.shareSnapshotsWith !== undefined
  if (isShared && ami.encrypt === undefined && source.volumes.some(({ encrypted }) => encrypted)) {
    for (const copy of copyRegions(ami, region).keys()) {
      const message = `the source AMI ${source.id} is encrypted: the copy in '${copy}' would be, with the default key, and cannot be shared`
      issues.push({ path: ['ami', 'regions'], message, hint: `encrypt: true, and regions: { '${copy}': { kmsKey: '…' } }` })
    }
  }
  return issues
}

/** A description that a function has made, and that AWS would refuse. */
export function descriptionIssues({ description }: Pick<AmiOptions, 'description'>, facts: Facts): readonly Issue[] {
  if (description === undefined) return []
  const text = resolveFacts(description, facts)
  if (text.length <= 255) return []
  return [{ path: ['ami', 'description'], message: `has ${text.length} characters, and AWS takes 255` }]
}

/** Snapshots that volumes of the AMI are to be made of, and that are not there: those of the instance are asked for with its launch. */
export async function snapshotIssues(
  aws: Aws,
  { blockDevices = [] }: Pick<AmiOptions, 'blockDevices'>,
  call: CallOptions,
): Promise<readonly Issue[]> {
  const named = namedSnapshots(blockDevices)
  if (named.length === 0) return []
  const Filters = filterList({ 'snapshot-id': named })
  const { Snapshots = [] } = await aws.call('DescribeSnapshots', { Filters }, call)
  const known = new Set(Snapshots.map(({ SnapshotId }) => SnapshotId))
  return blockDevices.flatMap((mapping, index): readonly Issue[] => {
    const [id] = namedSnapshots([mapping])
    if (id === undefined || known.has(id)) return []
    return [{ path: ['ami', 'blockDevices', index, 'snapshotId'], message: `there is no snapshot '${id}' in ${aws.region}` }]
  })
}

/** Launch templates of fast launch that are not there. */
export async function templateIssues(aws: Aws, { fastLaunch, ...ami }: AmiOptions, call: CallOptions): Promise<readonly Issue[]> {
  if (fastLaunch === undefined) return []
  const { template, regionTemplates = {} } = fastLaunch
  const regions = [...(ami.skipBuildRegion === true ? [] : [aws.region]), ...copyRegions(ami, aws.region).keys()]
  const found = await Promise.all(
    regions.map(async (region): Promise<readonly Issue[]> => {
      const reference = regionTemplates[region] ?? template
      if (reference === undefined || (await hasTemplate(aws.in(region), reference, call))) return []
      const path =
        regionTemplates[region] === undefined ? ['ami', 'fastLaunch', 'template'] : ['ami', 'fastLaunch', 'regionTemplates', region]
      return [{ path, message: `there is no launch template '${reference.template}' in ${region}` }]
    }),
  )
  return found.flat()
}

async function hasTemplate(aws: Aws, { template }: LaunchTemplateReference, call: CallOptions): Promise<boolean> {
  const name = isTemplateId(template) ? 'launch-template-id' : 'launch-template-name'
  const { LaunchTemplates = [] } = await aws.call('DescribeLaunchTemplates', { Filters: filterList({ [name]: template }) }, call)
  return LaunchTemplates.length > 0
}

/** Whether a launch template is named by its id. */
export function isTemplateId(template: string): boolean {
  return /^lt-[0-9a-f]{8,}$/.test(template)
}
