import type { BuildContext, ComponentContext, Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { InstanceOptions } from './amazon-ebs-options.ts'
import type { Aws } from './aws/aws.ts'
import { connectAws } from './aws/connect.ts'
import type { Image } from './aws/images.ts'
import type { Own, Tags } from './aws/own.ts'
import { ownOf } from './aws/own.ts'
import type { Polling } from './options/polling.ts'
import { pollingOf } from './options/polling.ts'
import type { TagOptions } from './options/text.ts'

/** What works at AWS for one build. */
export interface AwsJob {
  readonly ctx: ComponentContext
  readonly aws: Aws
  readonly own: Own
  readonly polling: Polling
  /** When the build began: names and times of its image are counted from here. */
  readonly now: Date
}

/** The same, with what only builders have. */
export interface Job extends AwsJob {
  readonly ctx: BuildContext
}

/** How AWS is reached: a test puts its own in place. */
export type Connect = typeof connectAws

/** Connects to AWS for one build. */
export async function openJob(options: InstanceOptions, ctx: BuildContext, connect: Connect = connectAws): Promise<Job> {
  return {
    ctx,
    aws: await connect(options),
    own: ownOf(ctx, options.expireAfter ?? '1d'),
    polling: pollingOf(options.polling),
    now: new Date(),
  }
}

/** What is known of a build from its source image on. */
export function factsOf({ ctx, aws }: Job, source: Image): Facts {
  return {
    buildName: ctx.build,
    builderType: ctx.builderType,
    runId: ctx.runId,
    image: ctx.image,
    buildRegion: aws.region,
    sourceImage: source.id,
    sourceImageName: source.name,
    sourceImageOwner: source.ownerId,
    sourceImageOwnerAlias: source.ownerAlias,
    sourceImageCreationDate: source.creationDate,
  }
}

/** Tags with the values that functions make of the facts. */
export function resolveTags(tags: TagOptions | undefined, facts: Facts): Tags {
  return Object.fromEntries(Object.entries(tags ?? {}).map(([key, value]) => [key, resolveFacts(value, facts)]))
}
