import type { Facts, Resource } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Instance } from '../aws/instances.ts'
import { describeInstance, instanceLost } from '../aws/instances.ts'
import { poll } from '../aws/poll.ts'
import type { Job } from '../job.ts'
import { resolveTags } from '../job.ts'
import { makesKeyPair, wayInto, windowsPasswordOf } from '../options/connect.ts'
import { instanceProfile } from './instance-profile.ts'
import type { InstanceKey } from './key-pair.ts'
import { importKeyPair } from './key-pair.ts'
import type { Encryption } from './launch-devices.ts'
import type { LaunchParts } from './launch-request.ts'
import { typesOf } from './launch-request.ts'
import { lookUp } from './look-up.ts'
import { runFleet } from './run-fleet.ts'
import { runInstance } from './run-instance.ts'
import { securityGroups } from './security-group.ts'

/** A running instance, and what is needed to enter it. */
export interface Launched {
  readonly resource: Resource<string>
  readonly instance: Instance
  readonly key: InstanceKey | undefined
}

/** Makes what an instance needs, starts it and waits until it runs. What can be asked before anything exists is asked first. */
export async function launch(job: Job, options: InstanceOptions, source: Image, facts: Facts, encryption: Encryption): Promise<Launched> {
  const { ctx } = job
  const tags = resolveTags(options.launch?.tags, facts)
  const { ground, parts: known } = await ctx.step('look-up', 'look up what the instance needs', () =>
    lookUp(job, options, source, { facts, encryption }),
  )
  const { groups, key, profile } = await ctx.step('access', 'prepare the way in', async () => {
    const work = {
      groups: securityGroups(job, options, ground, tags),
      key: makesKeyPair(options.connect) ? importKeyPair(job, keyType(options, source), tags) : Promise.resolve(undefined),
      profile: instanceProfile(job, options, tags),
    }
    await Promise.allSettled([work.groups, work.key, work.profile]) // when one fails, what the others have made must be known before it is removed
    return { groups: await work.groups, key: await work.key, profile: await work.profile }
  })
  const parts: LaunchParts = { ...known, groups, profile, keyName: key?.name ?? known.keyName }
  return await ctx.step('launch', `start ${typesOf(options).join(' or ')} from ${source.id} (${source.name})`, async () => {
    const { spot } = options
    const name = job.own.name('instance')
    const spotTags = {
      request: job.own.tags(name, { ...tags, ...resolveTags(spot?.tags, facts) }),
      fleet: job.own.tags(name, { ...tags, ...resolveTags(spot?.fleetTags, facts) }),
    }
    const resource =
      spot === undefined
        ? await runInstance(job, options, parts, ground.network)
        : await runFleet(job, { ...options, spot }, parts, ground.network, spotTags)
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
  const way = wayInto(connect)
  const asked = way?.communicator === 'winrm' ? undefined : way?.keyType
  return asked ?? (windowsPasswordOf(way) === undefined && !isWindows ? 'ed25519' : 'rsa')
}
