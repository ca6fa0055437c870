import type { BuildContext } from '@imago/core'

import type { AmazonEbsOptions } from './amazon-ebs-options.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'
import type { Connect } from './job.ts'
import { openJob } from './job.ts'
import { createImage } from './steps/create-image.ts'
import { launch } from './steps/launch.ts'
import { makeImages } from './steps/make-images.ts'
import { provisionInstance } from './steps/provision-instance.ts'
import { findStart } from './steps/start.ts'
import { modifyNetworking, stopInstance } from './steps/stop-instance.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(options: AmazonEbsOptions, ctx: BuildContext, connect?: Connect): Promise<AmiArtifact | DiscardedInstance> {
  const { ami } = options
  const job = await openJob(options, ctx, connect)
  const { source, facts, name } = await findStart(job, options, { ami })
  const launched = await launch(job, options, source, facts, ami === false ? {} : ami)
  const instanceId = launched.instance.id
  await provisionInstance(job, options, launched, source, facts)
  if (ami === false) return { type: 'discarded', id: instanceId }
  if (options.spot === undefined) await stopInstance(job, options, instanceId) // AWS stops no spot instance of this kind; it restarts it
  await modifyNetworking(job, instanceId, ami)
  const order = { options, ami, name, facts, instance: launched.resource }
  return await makeImages(job, order, (parts) => createImage(job, instanceId, ami, parts))
}
