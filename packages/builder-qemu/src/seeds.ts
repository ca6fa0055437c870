import type { BuildContext } from '@imago/core'
import { prepareSeeds } from '@imago/hypervisor'
import type { Seeds } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'
import type { MachineStart } from './snapshots.ts'

/** This machine, as guests in QEMU's own network see it. */
const hostSeenByGuest = '10.0.2.2'

/**
 * Makes CDs and the floppy, and starts the HTTP server. The key that was made for the build is a fact, and cloud-init gets it. A machine
 * that has been started before finds what it found then.
 */
export async function makeSeeds(options: QemuOptions, { runId, keys }: MachineStart, ctx: BuildContext): Promise<Seeds> {
  const { build, builderType, image } = ctx
  const facts = { buildName: build, builderType, runId, image }
  return await prepareSeeds(options, { ...ctx, facts, hostSeenByGuest, ...(keys !== undefined && { publicKey: keys.publicKey }) })
}
