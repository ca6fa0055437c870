import { apiError } from '../api-error.ts'
import type { Instance, InstanceStateChange, InstanceStateName, InstanceStatus } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { InstanceResource } from '../state/region.ts'
import { startInstance, stateOf, stopInstance, terminateInstance } from './instance-lifecycle.ts'

const filters: FilterFields<InstanceResource> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': (instance) => stateOf(instance),
  'instance-state-code': ({ data }) => data.State?.Code,
  'instance-type': ({ data }) => data.InstanceType,
  'instance-lifecycle': ({ data }) => data.InstanceLifecycle,
  'image-id': ({ data }) => data.ImageId,
  'key-name': ({ data }) => data.KeyName,
  'vpc-id': ({ data }) => data.VpcId,
  'subnet-id': ({ data }) => data.SubnetId,
  'availability-zone': ({ data }) => data.Placement?.AvailabilityZone,
  'private-ip-address': ({ data }) => data.PrivateIpAddress,
  'ip-address': ({ data }) => data.PublicIpAddress,
  'client-token': ({ data }) => data.ClientToken,
  architecture: ({ data }) => data.Architecture,
  'instance.group-id': ({ data }) => data.SecurityGroups?.map(({ GroupId }) => GroupId),
  'iam-instance-profile.arn': ({ data }) => data.IamInstanceProfile?.Arn,
  'spot-instance-request-id': ({ data }) => data.SpotInstanceRequestId,
  'launch-time': ({ data }) => data.LaunchTime,
}

/** Instances, once they exist. */
export const instanceOperations: Ec2Operations<
  | 'DescribeInstances'
  | 'DescribeInstanceStatus'
  | 'StartInstances'
  | 'StopInstances'
  | 'RebootInstances'
  | 'TerminateInstances'
  | 'GetConsoleOutput'
  | 'GetPasswordData'
> = {
  DescribeInstances: {
    run({ InstanceIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.instances, { ids: InstanceIds, filters: Filters, fields: filters, ...page })
      const Reservations = items.map((instance) => ({
        ReservationId: instance.reservationId,
        OwnerId: world.account,
        Instances: [view<Instance>(instance)],
      }))
      return { Reservations, NextToken: nextToken }
    },
  },
  DescribeInstanceStatus: {
    run({ InstanceIds, Filters, IncludeAllInstances = false, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.instances, { ids: InstanceIds, filters: Filters, fields: filters, ...page })
      const shown = items.filter((instance) => IncludeAllInstances || stateOf(instance) === 'running')
      return { InstanceStatuses: shown.map(statusOf), NextToken: nextToken }
    },
  },
  StartInstances: {
    check: ({ InstanceIds = [] }, call) => eachIn(InstanceIds, ['stopped', 'pending', 'running'], 'started', call),
    run: ({ InstanceIds = [] }, call) => ({
      StartingInstances: change(InstanceIds, call, (instance) => {
        if (stateOf(instance) === 'stopped') startInstance(instance, call)
      }),
    }),
  },
  StopInstances: {
    check({ InstanceIds = [] }, call) {
      eachIn(InstanceIds, ['running', 'stopping', 'stopped'], 'stopped', call)
      for (const id of InstanceIds) checkStoppable(call.region.instances.require(id, call.now))
    },
    run: ({ InstanceIds = [] }, call) => ({
      StoppingInstances: change(InstanceIds, call, (instance) => {
        if (stateOf(instance) === 'running') stopInstance(instance, call)
      }),
    }),
  },
  RebootInstances: {
    check: ({ InstanceIds = [] }, call) => eachIn(InstanceIds, ['running'], 'rebooted', call),
    async run({ InstanceIds = [] }, { world }) {
      await Promise.all(InstanceIds.map((id) => world.guests.reboot(id)))
      return {}
    },
  },
  TerminateInstances: {
    check({ InstanceIds = [] }, { region, now }) {
      for (const id of InstanceIds) {
        if (!region.instances.require(id, now).protectedFromTermination) continue
        throw apiError(
          'OperationNotPermitted',
          `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        )
      }
    },
    run: ({ InstanceIds = [] }, call) => ({
      TerminatingInstances: change(InstanceIds, call, (instance) => terminateInstance(instance, call)),
    }),
  },
  GetConsoleOutput: {
    async run({ InstanceId = '' }, { world, region, now }) {
      const instance = region.instances.require(InstanceId, now)
      const text = await world.guests.console(instance.id)
      return { InstanceId, Timestamp: new Date(now), Output: text === '' ? undefined : Buffer.from(text).toString('base64') }
    },
  },
  GetPasswordData: {
    run({ InstanceId = '' }, { region, now }) {
      const instance = region.instances.require(InstanceId, now)
      const PasswordData = stateOf(instance) === 'running' ? instance.passwordData : ''
      return { InstanceId, PasswordData, Timestamp: new Date(now) }
    },
  },
}

function eachIn(ids: readonly string[], states: readonly InstanceStateName[], what: string, { region, now }: Call): void {
  for (const id of ids) {
    const state = stateOf(region.instances.require(id, now))
    if (states.includes(state)) continue
    throw apiError('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be ${what}. It is ${state}.`)
  }
}

function checkStoppable({ id, data, protectedFromStop }: InstanceResource): void {
  if (protectedFromStop) {
    throw apiError(
      'OperationNotPermitted',
      `The instance '${id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
    )
  }
  if (data.InstanceLifecycle === 'spot') {
    throw apiError(
      'UnsupportedOperation',
      `You can't stop the Spot Instance '${id}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`,
    )
  }
}

function change(ids: readonly string[], { region, now }: Call, act: (instance: InstanceResource) => void): InstanceStateChange[] {
  return ids.map((id) => {
    const instance = region.instances.require(id, now)
    const PreviousState = instance.data.State
    act(instance)
    return { InstanceId: id, PreviousState, CurrentState: instance.data.State }
  })
}

function statusOf(instance: InstanceResource): InstanceStatus {
  const { id, data } = instance
  const Status = stateOf(instance) === 'running' ? 'ok' : 'not-applicable'
  return {
    InstanceId: id,
    AvailabilityZone: data.Placement?.AvailabilityZone,
    InstanceState: data.State,
    InstanceStatus: { Status },
    SystemStatus: { Status },
  }
}
