import type { Facts } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import { factsOf } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { amiName } from '../options/ami-name.ts'
import type { BuiltVolume } from '../options/built-volume.ts'
import { builtVolumeTags } from '../options/built-volume.ts'
import { imageTagGroups, instanceTags, tagValueIssues } from '../options/tag-limits.ts'
import { usedKeys } from '../options/used-keys.ts'
import { descriptionIssues, snapshotIssues, sourceIssues, templateIssues } from './ami-issues.ts'
import { keyProblems } from './check-keys.ts'
import { takenNames, unknownRegions } from './check-names.ts'
import { findSource, resolveSource } from './find-source.ts'
import { checkUser } from './instance-address.ts'
import { temporaryPolicy } from './instance-profile.ts'
import { refuse } from './issue-collector.ts'

/** What is known before anything exists. */
export interface Start {
  readonly source: Image
  readonly facts: Facts
  /** The name of the AMI; empty when none is made. */
  readonly name: string
}

/** What a build makes. */
export interface StartOrder {
  readonly ami: AmiOptions | false
  /** @default none */
  readonly volumes?: readonly BuiltVolume[]
}

/**
 * Finds the source image, and refuses what AWS would refuse later, before anything exists.
 * @throws ImagoError `IMAGE_NOT_FOUND`; `DEFINITION_INVALID` with everything else that is wrong
 */
export async function findStart(job: Job, options: InstanceOptions, order: StartOrder): Promise<Start> {
  const { ctx, aws, now } = job
  const { ami, volumes = [] } = order
  return await ctx.step('source', 'find the source AMI', async () => {
    refuse(await unknownRegions(aws, ami, ctx))
    const resolved = resolveSource(options.sourceAmi, aws.region, (reference) => ctx.artifact(reference))
    const source = await findSource(aws, resolved, ctx)
    ctx.startsFrom({ name: source.name, uri: `arn:aws:ec2:${aws.region}::image/${source.id}`, digest: { 'amazon-ami': source.id } })
    const facts = factsOf(job, source)
    checkUser(options, source)
    const tags = [
      ...instanceTags(options),
      ...(ami === false ? [] : imageTagGroups(ami, options.launch?.tags)),
      ...builtVolumeTags(volumes, options.launch),
    ]
    const forIam = temporaryPolicy(options) === undefined ? undefined : options.launch?.tags
    const tagIssues = tagValueIssues(tags, facts, { forIam })
    const keys = usedKeys({ ...order, launch: options.launch }, aws.region)
    if (ami === false) {
      refuse([...tagIssues, ...(await keyProblems(job, keys))])
      return { source, facts, name: '' }
    }
    const name = amiName(ami.name, { now, facts })
    const asked = await Promise.all([
      takenNames(aws, ami, name, ctx),
      templateIssues(aws, ami, ctx),
      snapshotIssues(aws, ami, ctx),
      keyProblems(job, keys),
    ])
    refuse([...asked.flat(), ...tagIssues, ...descriptionIssues(ami, facts), ...sourceIssues(ami, source, aws.region)])
    return { source, facts, name }
  })
}
