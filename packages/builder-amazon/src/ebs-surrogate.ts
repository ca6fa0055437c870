import type { BuildContext, Builder, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { InstanceOptions } from './amazon-ebs-options.ts'
import { instanceEntries, instanceInputs, instanceIssues } from './amazon-ebs-schema.ts'
import type { AmiArtifact } from './ami-artifact.ts'
import { destroyAmi } from './destroy-ami.ts'
import type { Connect } from './job.ts'
import { openJob } from './job.ts'
import { amisMadeBefore } from './made-before.ts'
import { amiIssues } from './options/ami.ts'
import type { SurrogateAmiOptions } from './options/surrogate.ts'
import { surrogateEntries, surrogateIssues } from './options/surrogate.ts'
import { keyIssues, usedKeys } from './options/used-keys.ts'
import { preflight } from './preflight.ts'
import { createImage } from './steps/create-image.ts'
import { launch } from './steps/launch.ts'
import { makeImages } from './steps/make-images.ts'
import { provisionInstance } from './steps/provision-instance.ts'
import { registerImage } from './steps/register-image.ts'
import { findStart } from './steps/start.ts'
import { modifyNetworking, stopInstance } from './steps/stop-instance.ts'
import { swapRoot } from './steps/swap-root.ts'

/** What {@link ebsSurrogate} takes. Spot instances cannot be stopped, and have no place here. */
export interface EbsSurrogateOptions extends Omit<InstanceOptions, 'spot'> {
  readonly ami: SurrogateAmiOptions
}

const schema = v.strictObject({ ...instanceEntries, ami: v.strictObject(surrogateEntries) })

/**
 * Makes an AMI of volumes that are not the root of the instance: the provisioners make a system on `launch.blockDevices`, and snapshots of
 * those volumes are registered as an AMI. It need not have anything in common with the source AMI.
 *
 * Fails as `amazonEbs` does.
 * @example ebsSurrogate({ sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' }, instanceType: 't3.small', launch: { blockDevices: [{ device: '/dev/sdf', size: 8 }] }, ami: { name: 'gentoo-{date}', rootDevice: { source: '/dev/sdf' } } })
 */
export function ebsSurrogate(options: EbsSurrogateOptions): Builder<AmiArtifact> {
  return {
    kind: 'builder',
    type: 'amazon-ebs-surrogate',
    options,
    makes: { type: 'amazon-ami', files: false },
    validate: () => issuesOf(options),
    inputs: () => instanceInputs(options),
    preflight: (ctx) =>
      preflight(options, options.ami, ctx, { creates: options.ami.useCreateImage === true ? 'CreateImage' : 'RegisterImage' }),
    build: (ctx) => build(options, ctx),
    artifacts: (ctx) => amisMadeBefore(options, options.ami, ctx),
    destroyArtifact: (artifact, { signal }) => destroyAmi(artifact, options.access, signal),
  }
}

function issuesOf(options: EbsSurrogateOptions): readonly Issue[] {
  const issues = optionSchema.schemaIssues(schema, options)
  if (issues.length > 0) return issues
  return [
    ...instanceIssues(options),
    ...amiIssues(options.ami, options.region, options.launch),
    ...keyIssues(usedKeys(options, options.region)),
    ...surrogateIssues(options.ami, options.launch),
  ]
}

/** The build, from top to bottom. */
export async function build(options: EbsSurrogateOptions, ctx: BuildContext, connect?: Connect): Promise<AmiArtifact> {
  const { ami, launch: launchOptions = {} } = options
  const job = await openJob(options, ctx, connect)
  const { source, facts, name } = await findStart(job, options, { ami })
  const launched = await launch(job, options, source, facts, ami)
  const { instance } = launched
  await provisionInstance(job, options, launched, source, facts)
  await stopInstance(job, options, instance.id)
  await modifyNetworking(job, instance.id, ami)
  const order = { options, ami, name, facts, instance: launched.resource }
  if (ami.useCreateImage !== true) {
    return await makeImages(job, order, (parts) => registerImage(job, { instance, source, launch: launchOptions, ami }, parts))
  }
  await ctx.step('swap', 'exchange the root volume', () =>
    swapRoot(job, instance, { source: ami.rootDevice.source, root: source.rootDevice }),
  )
  return await makeImages(job, order, (parts) => createImage(job, instance.id, ami, parts))
}
