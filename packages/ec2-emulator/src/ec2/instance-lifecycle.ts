import { randomBytes } from 'node:crypto'

import { messageOf } from '@imago/core'

import type { InstanceStateName, StateReason } from '../aws-sdk.ts'
import { strikesIn } from '../faults.ts'
import type { GuestAddresses, IncomingConnection } from '../guests/guests.ts'
import type { Call } from '../operation.ts'
import type { ImageResource, InstanceResource, Region } from '../state/region.ts'
import type { World } from '../state/world.ts'
import { instanceMetadata } from './instance-metadata.ts'
import { admits } from './ip-permissions.ts'
import type { LaunchNetwork } from './launch-network.ts'
import { windowsPassword } from './windows-password.ts'

const stateCodes: Readonly<Record<InstanceStateName, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

/** An instance and where it is. */
export interface Placed {
  readonly world: World
  readonly region: Region
}

/** The state that an instance is in. */
export function stateOf({ data }: InstanceResource): InstanceStateName {
  return data.State?.Name ?? 'pending'
}

/** Puts an instance in a state. */
export function setState(instance: InstanceResource, name: InstanceStateName): void {
  instance.data.State = { Name: name, Code: stateCodes[name] }
}

/** Boots a new instance: it runs when its time has passed and its guest is up. */
export function bootInstance(
  instance: InstanceResource,
  { image, network }: { readonly image: ImageResource; readonly network: LaunchNetwork },
  call: Call,
): void {
  const { world, region } = call
  instance.passwordData = windowsPassword(instance, call)
  const created = world.guests.create({
    instanceId: instance.id,
    rootDisk: image.rootDisk,
    hasPublicAddress: network.hasPublicAddress,
    network: network.subnet.data.CidrBlock ?? '',
    metadata: () => instanceMetadata(instance, call),
    admits: (connection) => isAdmitted(instance, connection, region),
    onPowerOff: () => poweredOff(instance, call),
  })
  whenUp(instance, created, call)
}

/** Boots an instance that was stopped. */
export function startInstance(instance: InstanceResource, placed: Placed): void {
  setState(instance, 'pending')
  delete instance.data.StateReason
  instance.data.StateTransitionReason = ''
  instance.data.LaunchTime = new Date(placed.world.now())
  whenUp(instance, placed.world.guests.start(instance.id), placed)
}

function whenUp(instance: InstanceResource, guest: Promise<GuestAddresses>, placed: Placed): void {
  const { world } = placed
  const due = world.now() + world.delays.running
  guest.then(
    (addresses) => {
      if (stateOf(instance) !== 'pending') return
      setAddresses(instance, addresses, placed)
      world.later(Math.max(0, due - world.now()), () => {
        if (stateOf(instance) !== 'pending') return
        setState(instance, 'running')
        endByFault(instance, placed)
      })
    },
    (error: unknown) => {
      const reason = { Code: 'Server.InternalError', Message: `Server.InternalError: the guest did not start: ${messageOf(error)}` }
      terminateInstance(instance, placed, reason)
    },
  )
}

/** Amazon ends a running instance, where a fault says so. */
function endByFault(instance: InstanceResource, placed: Placed): void {
  const { world, region } = placed
  const terminated = world.faults.strike('terminated', (fault) => strikesIn(fault, region.name))
  if (terminated !== undefined) {
    const { ms, code = 'Server.InternalError', message = `${code}: Internal error on launch` } = terminated
    world.later(ms, () => terminateInstance(instance, placed, { Code: code, Message: message }))
  }
  if (instance.data.InstanceLifecycle !== 'spot') return
  const interrupted = world.faults.strike('spot-interruption', (fault) => strikesIn(fault, region.name))
  if (interrupted === undefined) return
  instance.interruptedAt = world.now() + interrupted.ms
  world.later(interrupted.ms, () => interruptInstance(instance, placed))
}

/** Takes a spot instance back. */
export function interruptInstance(instance: InstanceResource, placed: Placed): void {
  const { world, region } = placed
  const code = 'Server.SpotInstanceTermination'
  terminateInstance(instance, placed, { Code: code, Message: `${code}: Spot instance termination` })
  const request = region.spotRequests.find(instance.data.SpotInstanceRequestId ?? '')
  if (request === undefined) return
  const Status = {
    Code: 'instance-terminated-no-capacity',
    Message: 'There is no spot capacity any more.',
    UpdateTime: new Date(world.now()),
  }
  Object.assign(request.data, { State: 'closed', Status })
}

function setAddresses({ data }: InstanceResource, { privateAddress, publicAddress }: GuestAddresses, { region }: Placed): void {
  const isNamed = region.vpcs.find(data.VpcId ?? '')?.dns.hostnames === true
  const [nic] = data.NetworkInterfaces ?? []
  data.PrivateIpAddress = privateAddress
  data.PrivateDnsName = privateAddress
  data.PublicIpAddress = publicAddress
  data.PublicDnsName = isNamed ? (publicAddress ?? '') : ''
  if (nic === undefined) return
  nic.PrivateIpAddress = privateAddress
  nic.PrivateIpAddresses = [{ Primary: true, PrivateIpAddress: privateAddress }]
  nic.MacAddress ??= `02:${(randomBytes(5).toString('hex').match(/../g) ?? []).join(':')}`
  if (publicAddress === undefined) delete nic.Association
  else nic.Association = { PublicIp: publicAddress, PublicDnsName: data.PublicDnsName, IpOwnerId: 'amazon' }
}

/** Whether one of an instance's security groups lets a connection in. */
function isAdmitted({ data }: InstanceResource, connection: IncomingConnection, { securityGroups }: Region): boolean {
  const groups = (data.SecurityGroups ?? []).flatMap(({ GroupId = '' }) => securityGroups.find(GroupId) ?? [])
  return groups.some((group) => admits(group.data.IpPermissions ?? [], connection))
}

/** The machine has powered itself off. */
function poweredOff(instance: InstanceResource, placed: Placed): void {
  if (stateOf(instance) !== 'running' && stateOf(instance) !== 'pending') return
  const reason = { Code: 'Client.InstanceInitiatedShutdown', Message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown' }
  if (instance.shutdownBehavior === 'terminate') terminateInstance(instance, placed, reason)
  else stopInstance(instance, placed, reason)
}

const userInitiated = { Code: 'Client.UserInitiatedShutdown', Message: 'Client.UserInitiatedShutdown: User initiated shutdown' }

/** Stops an instance that runs. */
export function stopInstance(instance: InstanceResource, { world }: Placed, reason: StateReason = userInitiated): void {
  setState(instance, 'stopping')
  explain(instance, reason, world)
  void world.guests.stop(instance.id).finally(() =>
    world.later(world.delays.stopped, () => {
      if (stateOf(instance) !== 'stopping') return
      setState(instance, 'stopped')
      delete instance.data.PublicIpAddress
      instance.data.PublicDnsName = ''
    }),
  )
}

/** Ends an instance for good, with the volumes that go with it. */
export function terminateInstance(instance: InstanceResource, placed: Placed, reason: StateReason = userInitiated): void {
  const { world } = placed
  const state = stateOf(instance)
  if (state === 'shutting-down' || state === 'terminated') return
  setState(instance, 'shutting-down')
  explain(instance, reason, world)
  void world.guests.remove(instance.id).finally(() =>
    world.later(world.delays.terminated, () => {
      setState(instance, 'terminated')
      const slowness = world.faults.strike('slow-release', (fault) => strikesIn(fault, placed.region.name))?.ms ?? 0
      instance.releasedAt = world.now() + world.delays.release + slowness
      releaseEverything(instance, placed)
    }),
  )
}

function explain(instance: InstanceResource, reason: StateReason, world: World): void {
  const initiator = reason.Code?.startsWith('Client.User') === true ? 'User initiated' : (reason.Code ?? '')
  instance.data.StateReason = reason
  instance.data.StateTransitionReason = `${initiator} (${new Date(world.now()).toISOString().slice(0, 19).replace('T', ' ')} GMT)`
}

function releaseEverything({ id, data }: InstanceResource, { region }: Placed): void {
  for (const volume of region.volumes.all()) {
    const attachment = volume.data.Attachments?.find(({ InstanceId }) => InstanceId === id)
    if (attachment === undefined) continue
    if (attachment.DeleteOnTermination === true) region.volumes.remove(volume.id)
    else Object.assign(volume.data, { State: 'available', Attachments: [] })
  }
  delete data.PublicIpAddress
  delete data.PrivateIpAddress
  Object.assign(data, { PublicDnsName: '', PrivateDnsName: '', NetworkInterfaces: [], BlockDeviceMappings: [] })
}
