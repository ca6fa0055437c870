import type { BuildContext, Facts, Json } from '@imago/core'
import { resolveFacts } from '@imago/core'
import { prepareSeeds } from '@imago/hypervisor'
import type { CloudInitOptions, Seeds } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'

/** This machine, as guests in QEMU's own network see it. */
const hostSeenByGuest = '10.0.2.2'

/** Makes CDs and the floppy, and starts the HTTP server. With `publicKey`, the key that was made for the build is a fact, and cloud-init gets it. */
export async function makeSeeds(options: QemuOptions, ctx: BuildContext, publicKey: string | undefined): Promise<Seeds> {
  const { build, builderType, runId, image } = ctx
  const facts = { buildName: build, builderType, runId, image, ...(publicKey !== undefined && { sshPublicKey: publicKey }) }
  const { cloudInit, ...rest } = options
  const seeds = cloudInit === undefined || publicKey === undefined ? options : { ...rest, cloudInit: withKey(cloudInit, publicKey) }
  return await prepareSeeds(seeds, { ...ctx, facts, hostSeenByGuest })
}

/** With a key among the metadata: cloud-init lets it in as the image's own user. Metadata that is text is the user's to write. */
function withKey(cloudInit: CloudInitOptions, publicKey: string): CloudInitOptions {
  const metaData = (facts: Facts): string | Readonly<Record<string, Json>> => {
    const given = cloudInit.metaData === undefined ? {} : resolveFacts(cloudInit.metaData, facts)
    if (typeof given === 'string') return given
    const { runId, image, buildName } = facts
    const own = { 'instance-id': `imago-${runId}-${image}-${buildName}`, 'local-hostname': buildName, 'public-keys': [publicKey] }
    return { ...own, ...given }
  }
  return { ...cloudInit, metaData }
}
