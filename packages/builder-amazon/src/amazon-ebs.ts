import type { ArtifactsContext, Builder, LookupContext } from '@imago/core'

import type { AmazonEbsOptions } from './amazon-ebs-options.ts'
import { amazonEbsIssues, instanceInputs } from './amazon-ebs-schema.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'
import { build } from './build.ts'
import { destroyAmi } from './destroy-ami.ts'
import { amisMadeBefore } from './made-before.ts'
import type { AmiOptions } from './options/ami.ts'
import { preflight } from './preflight.ts'
import { hasAmi, startIdentity } from './up-to-date.ts'

/** What {@link amazonEbs} makes. */
export type AmazonEbsArtifact<A extends AmiOptions | false> = A extends false ? DiscardedInstance : AmiArtifact

/**
 * Makes an AMI of an EBS-backed EC2 instance: the instance starts from a source AMI, the provisioners change it, it is stopped, and its
 * volumes become the new AMI, which is copied to other regions and shared. Whatever the build creates is removed when it ends, however it
 * ends; what a killed run left, `imago sweep` removes.
 *
 * Fails with `AUTHENTICATION_FAILED` without credentials or permissions, `IMAGE_NOT_FOUND`, `DEFINITION_INVALID` for a region that does not
 * exist or a name that is taken, `PROVIDER_UNAVAILABLE` when there is no capacity, `MACHINE_LOST` when the instance ends by itself,
 * `TIMEOUT`, `NETWORK`, and `PROVIDER_FAILED` for whatever else AWS says.
 * @example amazonEbs({ region: 'us-west-2', sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' }, instanceType: 't3.small', ami: { name: 'cow-{timestamp}' } })
 */
export function amazonEbs<const A extends AmiOptions | false>(options: AmazonEbsOptions<A>): Builder<AmazonEbsArtifact<NoInfer<A>>> {
  const own: AmazonEbsOptions = options
  const { ami } = own
  const builder: Builder<AmiArtifact | DiscardedInstance> = {
    kind: 'builder',
    type: 'amazon-ebs',
    options,
    makes: own.ami === false ? { type: 'discarded', files: false } : { type: 'amazon-ami', files: false },
    validate: () => amazonEbsIssues(own),
    inputs: () => instanceInputs(own),
    preflight: (ctx) => preflight(own, own.ami, ctx),
    ...(own.skipUnchanged === true && {
      base: (ctx: LookupContext) => startIdentity(own, ctx),
      hasArtifact: (artifact: AmiArtifact | DiscardedInstance, ctx: LookupContext) => hasAmi(artifact, own, ctx),
    }),
    build: (ctx) => build(own, ctx),
    ...(ami !== false && { artifacts: (ctx: ArtifactsContext) => amisMadeBefore(own, ami, ctx) }),
    destroyArtifact: async (artifact, { signal }) => (artifact.type === 'discarded' ? undefined : destroyAmi(artifact, own.access, signal)),
  }
  // `ami` is of type A, and so is what is made
  return builder as unknown as Builder<AmazonEbsArtifact<A>>
}
