import type { Resource } from '@imago/core'
import { ImagoError, messageOf } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { awsCode, hasAwsCode } from '../aws/aws-error.ts'
import { untilKnown } from '../aws/poll.ts'
import type { Job } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { Network, Subnet } from './find-network.ts'
import type { LaunchParts } from './launch-request.ts'
import { instanceRequest, isEarly, noCapacity, typesOf } from './launch-request.ts'

/** Starts an instance on demand: the first type, in the first place, that has capacity. */
export async function runInstance(job: Job, options: InstanceOptions, parts: LaunchParts, network: Network): Promise<Resource<string>> {
  const { aws, ctx, own } = job
  return await acquire(aws, ctx, {
    kind: 'amazon-instance',
    name: own.name('instance'),
    create: (signal) => firstWithCapacity(job, options, parts, network, signal),
    id: (id) => id,
  })
}

async function firstWithCapacity(
  job: Job,
  options: InstanceOptions,
  parts: LaunchParts,
  network: Network,
  signal: AbortSignal,
): Promise<string> {
  const types = typesOf(options)
  const refusals: string[] = []
  const tryPlaces = async (places: readonly (Subnet | undefined)[]): Promise<string | undefined> => {
    for (const type of types) {
      for (const place of places) {
        try {
          return await runOne(job, options, parts, { type, place }, signal)
        } catch (error) {
          if (!hasAwsCode(error, noCapacity)) throw error
          refusals.push(messageOf(error))
          const where = place === undefined ? '' : ` in ${place.zone}`
          job.ctx.emit({ type: 'message', level: 'warning', text: `no ${type}${where}: ${awsCode(error) ?? ''}` })
        }
      }
    }
    return undefined
  }
  const id = (await tryPlaces(network.places)) ?? (await tryPlaces(await network.others()))
  if (id !== undefined) return id
  throw new ImagoError('PROVIDER_UNAVAILABLE', `no capacity for ${types.join(', ')} in ${job.aws.region}: ${refusals.at(-1) ?? ''}`, {
    hint: 'give more instance types, leave the zone open, or try again later',
  })
}

async function runOne(
  { aws, own, polling }: Job,
  options: InstanceOptions,
  parts: LaunchParts,
  { type, place }: { readonly type: string; readonly place: Subnet | undefined },
  signal: AbortSignal,
): Promise<string> {
  const where = place?.id ?? options.network?.availabilityZone ?? ''
  const request = { ...instanceRequest(options, parts, { type, place }), ClientToken: own.token('instance', type, where) }
  const { Instances = [] } = await untilKnown(() => aws.call('RunInstances', request, { signal }), { isEarly, signal, pace: polling.pace })
  const id = Instances[0]?.InstanceId
  if (id === undefined) throw new ImagoError('PROVIDER_FAILED', 'RunInstances answers without an instance')
  return id
}
