import type { Issue } from '@imago/core'
import { ImagoError, runLocal } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Aws, CallOptions } from '../aws/aws.ts'
import { isNotFound } from '../aws/aws-error.ts'
import { wayInto } from '../options/connect.ts'
import { filterList } from '../options/text.ts'
import type { Network } from './find-network.ts'
import { findNetwork } from './find-network.ts'
import { allowedSources, givenGroups, isEntered } from './given-groups.ts'
import { issueCollector } from './issue-collector.ts'
import { typesOf } from './launch-request.ts'
import { sessionManagerPlugin } from './session-manager.ts'
import { typeIssues, typeOfferings } from './type-offerings.ts'
import { withAddress } from './with-address.ts'

/** What an instance needs of what is there already. */
export interface Ground {
  readonly network: Network
  /** The groups of the options; `undefined` when the build makes its own. */
  readonly groups: readonly string[] | undefined
  /** Whom the build's own group lets in, in CIDR notation; nobody when it need not let anybody in. */
  readonly sources: readonly string[]
}

/** What was found; without it, why. */
export interface FoundGround {
  readonly ground: Ground | undefined
  readonly issues: readonly Issue[]
}

/** Looks up whatever the options name, all at the same time. Changes nothing. */
export async function findGround(aws: Aws, options: InstanceOptions, call: CallOptions): Promise<FoundGround> {
  const { network: { availabilityZone: zone, securityGroups } = {}, connect } = options
  const { at, add, issues } = issueCollector()
  const [found, offerings, sources] = await Promise.all([
    at(['network'], findNetwork(aws, options, call)),
    typeOfferings(aws, typesOf(options), call),
    securityGroups === undefined && isEntered(connect) ? allowedSources(aws, options, call.signal) : [],
    at(['network', 'availabilityZone'], checkZone(aws, zone, call)),
    at(['launch', 'instanceProfile'], checkProfile(aws, options, call)),
    at(['connect', 'keyPair'], checkKeyPair(aws, options, call)),
    wayInto(connect)?.address === 'session-manager' && runLocal({ command: [sessionManagerPlugin, '--version'], signal: call.signal }),
  ])
  // asked for in the place where the instance would be
  const network = found && (await at(['connect', 'address'], withAddress(aws, found, options, call)))
  const groups =
    network === undefined || securityGroups === undefined
      ? undefined
      : await at(['network', 'securityGroups'], givenGroups(aws, securityGroups, network.vpcId, call))
  const places = network?.places.flatMap((place) => (place === undefined ? [] : [place.zone])) ?? []
  add(...typeIssues(options, offerings, { region: aws.region, zones: places.length > 0 || zone === undefined ? places : [zone] }))
  return { issues, ground: network === undefined || issues.length > 0 ? undefined : { network, groups, sources } }
}

async function checkZone(aws: Aws, zone: string | undefined, call: CallOptions): Promise<void> {
  if (zone === undefined) return
  const { AvailabilityZones = [] } = await aws.call('DescribeAvailabilityZones', {}, call)
  const names = AvailabilityZones.map(({ ZoneName = '' }) => ZoneName)
  if (names.includes(zone)) return
  throw new ImagoError('DEFINITION_INVALID', `${aws.region} has no zone '${zone}'`, { hint: `it has ${names.join(', ')}` })
}

async function checkProfile(aws: Aws, { launch }: InstanceOptions, call: CallOptions): Promise<void> {
  const { instanceProfile: name, skipProfileCheck = false } = launch ?? {}
  if (typeof name !== 'string' || skipProfileCheck) return
  await aws.call('GetInstanceProfile', { InstanceProfileName: name }, call).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    throw new ImagoError('DEFINITION_INVALID', `the account has no instance profile '${name}'`, {
      cause: error,
      hint: 'name one that is there, or say what one for the build may do: instanceProfile: { policy: {…} }',
    })
  })
}

async function checkKeyPair(aws: Aws, { connect }: InstanceOptions, call: CallOptions): Promise<void> {
  const name = wayInto(connect)?.keyPair
  if (name === undefined) return
  const { KeyPairs = [] } = await aws.call('DescribeKeyPairs', { Filters: filterList({ 'key-name': name }) }, call)
  if (KeyPairs.some(({ KeyName }) => KeyName === name)) return
  throw new ImagoError('DEFINITION_INVALID', `${aws.region} has no key pair '${name}'`, {
    hint: 'leave it out to have one made for the build, or import it',
  })
}
