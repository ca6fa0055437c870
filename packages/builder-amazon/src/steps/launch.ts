import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Facts, Resource } from '@imago/core'
import { fileSystemError, ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Instance } from '../aws/instances.ts'
import { describeInstance, instanceLost } from '../aws/instances.ts'
import { poll } from '../aws/poll.ts'
import type { Job } from '../job.ts'
import { resolveTags } from '../job.ts'
import { makesKeyPair, sshConnect } from '../options/connect.ts'
import { findNetwork } from './find-network.ts'
import { instanceProfile } from './instance-profile.ts'
import type { InstanceKey } from './key-pair.ts'
import { importKeyPair } from './key-pair.ts'
import type { Encryption } from './launch-devices.ts'
import { launchDevices } from './launch-devices.ts'
import type { LaunchParts } from './launch-request.ts'
import { runFleet } from './run-fleet.ts'
import { runInstance, typesOf } from './run-instance.ts'
import { securityGroups } from './security-group.ts'

/** A running instance, and what is needed to enter it. */
export interface Launched {
  readonly resource: Resource<string>
  readonly instance: Instance
  readonly key: InstanceKey | undefined
}

/** Makes what an instance needs, starts it and waits until it runs. */
export async function launch(job: Job, options: InstanceOptions, source: Image, facts: Facts, encryption: Encryption): Promise<Launched> {
  const { ctx, aws } = job
  const devices = launchDevices(source, options.launch ?? {}, encryption)
  const userData = await readUserData(options, ctx.directory)
  const tags = resolveTags(options.launch?.tags, facts)
  const { network, groups, key, profile } = await ctx.step('access', 'prepare the way in', async () => {
    const found = await findNetwork(aws, options, ctx)
    const work = {
      groups: securityGroups(job, options, found.vpcId, tags),
      key: makesKeyPair(options.connect) ? importKeyPair(job, keyType(options, source), tags) : Promise.resolve(undefined),
      profile: instanceProfile(job, options, tags),
    }
    await Promise.allSettled([work.groups, work.key, work.profile]) // when one fails, what the others have made must be known before it is removed
    return { network: found, groups: await work.groups, key: await work.key, profile: await work.profile }
  })
  const name = job.own.name('instance')
  const parts: LaunchParts = {
    source,
    devices,
    groups,
    profile,
    userData,
    keyName: key?.name ?? sshConnect(options.connect)?.keyPair,
    tags: {
      instance: job.own.tags(name, tags),
      volume: job.own.tags(name, { ...tags, ...resolveTags(options.launch?.volumeTags, facts) }),
    },
  }
  return await ctx.step('launch', `start ${typesOf(options).join(' or ')} from ${source.id} (${source.name})`, async () => {
    const { spot } = options
    const spotTags = {
      request: job.own.tags(name, { ...tags, ...resolveTags(spot?.tags, facts) }),
      fleet: job.own.tags(name, { ...tags, ...resolveTags(spot?.fleetTags, facts) }),
    }
    const resource =
      spot === undefined
        ? await runInstance(job, options, parts, network)
        : await runFleet(job, { ...options, spot }, parts, network, spotTags)
    return { resource, key, instance: await running(job, resource.value) }
  })
}

/**
 * Waits until an instance runs.
 * @throws ImagoError `MACHINE_LOST`, with AWS's reason and the last lines of its console, when it ended instead
 */
async function running({ aws, ctx, polling }: Job, id: string): Promise<Instance> {
  return await poll({
    what: `instance ${id} to run`,
    signal: ctx.signal,
    timeoutMs: polling.timeoutMs,
    pace: polling.pace,
    look: () => describeInstance(aws, id, ctx),
    isDone: ({ state }) => state === 'running',
    failure: (instance) => (instance.state === 'pending' ? undefined : instanceLost(aws, instance, undefined, ctx)),
    describe: ({ state }) => state,
  })
}

/** Windows takes no other keys than RSA. */
function keyType({ connect }: InstanceOptions, { isWindows }: Image): 'ed25519' | 'rsa' {
  const ssh = sshConnect(connect)
  return ssh?.keyType ?? (ssh?.windowsPassword === undefined && !isWindows ? 'ed25519' : 'rsa')
}

const userDataBytes = 16_384

async function readUserData({ launch }: InstanceOptions, directory: string): Promise<Uint8Array | undefined> {
  const userData = launch?.userData
  if (userData === undefined) return undefined
  if (typeof userData === 'string') return Buffer.from(userData)
  const content = await readFile(resolve(directory, userData.file)).catch((error: unknown) => {
    throw fileSystemError(error, `user data '${userData.file}'`)
  })
  if (content.length <= userDataBytes) return content
  throw new ImagoError('DEFINITION_INVALID', `user data '${userData.file}' has ${content.length} bytes, and AWS takes ${userDataBytes}`, {
    hint: 'compress it with gzip, which cloud-init understands, or upload it with a provisioner',
  })
}
