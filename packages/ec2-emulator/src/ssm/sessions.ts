import { randomBytes } from 'node:crypto'

import { apiError } from '../api-error.ts'
import { stateOf } from '../ec2/instance-lifecycle.ts'
import type { Call, SsmOperations } from '../operation.ts'
import type { InstanceResource } from '../state/region.ts'

/** A session that was started and not ended. */
export interface ManagedSession {
  readonly target: string
  readonly document: string
}

/**
 * Session Manager, as far as its API goes: sessions start and end, but nothing answers at their stream URL, which is for Amazon's
 * `session-manager-plugin`.
 */
export const sessionOperations: SsmOperations<'StartSession' | 'TerminateSession' | 'DescribeInstanceInformation'> = {
  StartSession: {
    run({ Target = '', DocumentName = 'SSM-SessionManagerRunShell' }, call) {
      const { region, world } = call
      const instance = region.instances.find(Target)
      if (instance === undefined || !isManaged(instance)) throw apiError('TargetNotConnected', `${Target} is not connected.`)
      const id = `emulator-${randomBytes(8).toString('hex')}`
      region.sessions.set(id, { target: Target, document: DocumentName })
      const StreamUrl = `wss://ssmmessages.${region.name}.amazonaws.com/v1/data-channel/${id}?role=publish_subscribe`
      return { SessionId: id, TokenValue: Buffer.from(`${world.account} ${id}`).toString('base64'), StreamUrl }
    },
  },
  TerminateSession: {
    run({ SessionId = '' }, { region }) {
      region.sessions.delete(SessionId)
      return { SessionId }
    },
  },
  DescribeInstanceInformation: {
    run({ Filters = [], InstanceInformationFilterList = [] }, { region, now }: Call) {
      const wanted = [
        ...Filters.filter(({ Key }) => Key === 'InstanceIds').flatMap(({ Values = [] }) => Values),
        ...InstanceInformationFilterList.filter(({ key }) => key === 'InstanceIds').flatMap(({ valueSet = [] }) => valueSet),
      ]
      const managed = region.instances
        .all()
        .filter((instance) => isManaged(instance) && (wanted.length === 0 || wanted.includes(instance.id)))
      return {
        InstanceInformationList: managed.map(({ id, data }) => ({
          InstanceId: id,
          PingStatus: 'Online' as const,
          LastPingDateTime: new Date(now),
          PlatformType: data.Platform === 'Windows' ? ('Windows' as const) : ('Linux' as const),
          IPAddress: data.PrivateIpAddress,
          ResourceType: 'EC2Instance' as const,
        })),
      }
    },
  },
}

/** The agent registers where the instance runs and has a role. */
function isManaged(instance: InstanceResource): boolean {
  return stateOf(instance) === 'running' && instance.data.IamInstanceProfile !== undefined
}
