import type { Facts } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import { factsOf } from '../job.ts'
import type { AmiOptions } from '../options/ami.ts'
import { amiName } from '../options/ami-name.ts'
import { checkNames } from './check-names.ts'
import { findSource, resolveSource } from './find-source.ts'
import { checkUser } from './instance-address.ts'

/** What is known before anything exists. */
export interface Start {
  readonly source: Image
  readonly facts: Facts
  /** The name of the AMI; empty when none is made. */
  readonly name: string
}

/** Finds the source image, and refuses what AWS would refuse later, before anything exists. */
export async function findStart(job: Job, options: InstanceOptions, ami: AmiOptions | false): Promise<Start> {
  const { ctx, aws, now } = job
  return await ctx.step('source', 'find the source AMI', async () => {
    const source = await findSource(
      aws,
      resolveSource(options.sourceAmi, aws.region, (reference) => ctx.artifact(reference)),
      ctx,
    )
    const facts = factsOf(job, source)
    checkUser(options, source)
    if (ami === false) return { source, facts, name: '' }
    const name = amiName(ami.name, { now, facts })
    await checkNames(aws, ami, name, ctx)
    return { source, facts, name }
  })
}
