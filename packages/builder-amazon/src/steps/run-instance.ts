import type { Resource } from '@imago/core'
import { ImagoError, isImagoError, messageOf } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { awsCode, hasAwsCode } from '../aws/aws-error.ts'
import type { InstanceTypeName } from '../aws/aws-sdk.ts'
import { untilKnown } from '../aws/poll.ts'
import { tagSpecifications } from '../aws/tags.ts'
import type { Job } from '../job.ts'
import { acquire } from '../resources/acquire.ts'
import type { Network, Subnet } from './find-network.ts'
import type { LaunchParts } from './launch-request.ts'
import { credits, launchRequest, placement } from './launch-request.ts'

/** There is no room for this type in this place: another type or another place may have some. */
const noCapacity = [
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientFreeAddressesInSubnet',
  'InsufficientCapacity',
  'Unsupported',
]

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
  const { launch = {}, network = {} } = options
  const zone = place === undefined ? network.availabilityZone : undefined // a subnet is in a zone
  const { NetworkInterfaces, ...common } = launchRequest(options, parts)
  const request = {
    ...common,
    ...credits(type, launch),
    ...(NetworkInterfaces === undefined
      ? place !== undefined && { SubnetId: place.id }
      : { NetworkInterfaces: NetworkInterfaces.map((each) => ({ ...each, ...(place !== undefined && { SubnetId: place.id }) })) }),
    InstanceType: type as InstanceTypeName, // new types come faster than new SDKs
    Placement: placement(launch, zone),
    MinCount: 1,
    MaxCount: 1,
    ClientToken: own.token('instance', type, place?.id ?? zone ?? ''),
    TagSpecifications: tagSpecifications({
      instance: parts.tags.instance,
      volume: parts.tags.volume,
      'network-interface': parts.tags.instance,
    }),
  }
  const { Instances = [] } = await untilKnown(() => aws.call('RunInstances', request, { signal }), { isEarly, signal, pace: polling.pace })
  const id = Instances[0]?.InstanceId
  if (id === undefined) throw new ImagoError('PROVIDER_FAILED', 'RunInstances answers without an instance')
  return id
}

/** AWS has not yet told all of its servers of the group, the key or the profile. */
function isEarly(error: unknown): boolean {
  if (hasAwsCode(error, ['InvalidGroup.NotFound', 'InvalidKeyPair.NotFound'])) return true
  return isImagoError(error) && hasAwsCode(error, ['InvalidParameterValue']) && /instance profile|iamInstanceProfile/i.test(error.message)
}

/** The instance types to choose from. */
export function typesOf({ instanceType }: Pick<InstanceOptions, 'instanceType'>): readonly string[] {
  return typeof instanceType === 'string' ? [instanceType] : instanceType
}
