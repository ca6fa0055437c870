import type { BuildContext } from '@imago/core'
import type { Seeds, VmOptions } from '@imago/hypervisor'
import { prepareSeeds } from '@imago/hypervisor'

/** This machine, as guests in VirtualBox's own network (NAT) see it. */
const hostSeenByGuest = '10.0.2.2'

/** Makes CDs and the floppy, and starts the HTTP server. With `publicKey`, the key that was made for the build is a fact, and cloud-init gets it. */
export async function makeSeeds(options: VmOptions, ctx: BuildContext, publicKey: string | undefined): Promise<Seeds> {
  const { build, builderType, runId, image } = ctx
  const facts = { buildName: build, builderType, runId, image }
  return await prepareSeeds(options, { ...ctx, facts, hostSeenByGuest, ...(publicKey !== undefined && { publicKey }) })
}
