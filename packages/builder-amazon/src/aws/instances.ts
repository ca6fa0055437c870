import { ImagoError } from '@imago/core'

import type { Aws, CallOptions } from './aws.ts'
import type { InstanceDescription } from './aws-sdk.ts'
import type { Filter } from './tags.ts'
import { tagsOf } from './tags.ts'
import type { Tags } from './own.ts'

/** The life of an instance. */
export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated'

/** An instance as AWS describes it. What it does not have yet is empty. */
export interface Instance {
  readonly id: string
  readonly state: InstanceState
  /** Why it is in that state, where AWS says so: `Server.InternalError: Internal error on launch`. */
  readonly reason: string | undefined
  readonly publicIp: string
  readonly privateIp: string
  readonly publicDns: string
  readonly privateDns: string
  readonly ipv6: string
  readonly zone: string
  readonly type: string
  readonly volumes: readonly { readonly device: string; readonly volumeId: string }[]
  readonly tags: Tags
}

/** An instance by its id, or `undefined`. */
export async function describeInstance(aws: Aws, id: string, options: CallOptions): Promise<Instance | undefined> {
  const { Reservations = [] } = await aws.call('DescribeInstances', { InstanceIds: [id] }, options)
  const [found] = Reservations.flatMap(({ Instances = [] }) => Instances)
  return found === undefined ? undefined : toInstance(found)
}

/** Instances that fit, those that are terminated apart. */
export async function findInstances(aws: Aws, filter: Filter, options: CallOptions): Promise<Instance[]> {
  const states: InstanceState[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down']
  const Filters = [filter, { Name: 'instance-state-name', Values: states }]
  const found: Instance[] = []
  for (let token: string | undefined; ;) {
    const { Reservations = [], NextToken } = await aws.call(
      'DescribeInstances',
      { Filters, ...(token !== undefined && { NextToken: token }) },
      options,
    )
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances).map(toInstance))
    if (NextToken === undefined || NextToken === '') return found
    token = NextToken
  }
}

/** The last lines that an instance wrote to its console, or `undefined` when AWS has none. */
export async function consoleOutput(aws: Aws, id: string, options: CallOptions): Promise<string | undefined> {
  try {
    const { Output = '' } = await aws.call('GetConsoleOutput', { InstanceId: id }, options)
    const lines = Buffer.from(Output, 'base64').toString('utf8').trim().split(/\r?\n/).slice(-20)
    return lines.join('\n') === '' ? undefined : lines.join('\n')
  } catch {
    return undefined // it would only have explained another error
  }
}

/** The error of an instance that ended by itself: what AWS says of it, and what it wrote last. */
export async function instanceLost(aws: Aws, instance: Instance, cause: unknown, options: CallOptions): Promise<ImagoError> {
  const { id, state, reason } = instance
  const output = await consoleOutput(aws, id, options)
  const why = reason === undefined ? '' : `: ${reason}`
  return new ImagoError('MACHINE_LOST', `instance ${id} is ${state}${why}`, {
    ...(cause !== undefined && { cause }),
    hint: output === undefined ? hintOf(reason) : `its console says at last:\n${output}`,
  })
}

function hintOf(reason: string | undefined): string {
  if (reason !== undefined && /Spot/i.test(reason))
    return 'AWS took the spot instance back: try again, with more instance types, or on demand'
  if (reason !== undefined && /UserInitiated|User initiated/i.test(reason)) return 'somebody, or something inside, has ended it'
  return "look at the instance in AWS's console"
}

/** What AWS answers, without what may be missing. */
export function toInstance(found: InstanceDescription): Instance {
  const { InstanceId = '', State, StateReason, StateTransitionReason, PublicIpAddress = '', PrivateIpAddress = '' } = found
  const message = StateReason?.Message ?? StateTransitionReason
  return {
    id: InstanceId,
    state: State?.Name ?? 'pending',
    reason: message === undefined || message === '' ? undefined : message,
    publicIp: PublicIpAddress,
    privateIp: PrivateIpAddress,
    publicDns: found.PublicDnsName ?? '',
    privateDns: found.PrivateDnsName ?? '',
    ipv6: found.Ipv6Address ?? found.NetworkInterfaces?.flatMap(({ Ipv6Addresses = [] }) => Ipv6Addresses)[0]?.Ipv6Address ?? '',
    zone: found.Placement?.AvailabilityZone ?? '',
    type: found.InstanceType ?? '',
    volumes: (found.BlockDeviceMappings ?? []).map(({ DeviceName = '', Ebs }) => ({ device: DeviceName, volumeId: Ebs?.VolumeId ?? '' })),
    tags: tagsOf(found.Tags),
  }
}
