import { apiError } from '../api-error.ts'
import type { Ec2Api } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { InstanceResource } from '../state/region.ts'
import { stateOf } from './instance-lifecycle.ts'

type ModifyInput = Ec2Api['ModifyInstanceAttribute']['input']

/** What can be changed of an instance. */
export const instanceAttributeOperations: Ec2Operations<
  'ModifyInstanceAttribute' | 'DescribeInstanceAttribute' | 'ModifyInstanceMetadataOptions'
> = {
  ModifyInstanceAttribute: {
    check(input, call) {
      const instance = call.region.instances.require(input.InstanceId ?? '', call.now)
      const needsStop = [input.EnaSupport, input.SriovNetSupport, input.UserData, input.InstanceType, input.EbsOptimized].some(isGiven)
      if (needsStop && stateOf(instance) !== 'stopped') {
        throw apiError('IncorrectInstanceState', `The instance '${instance.id}' is not in the 'stopped' state.`)
      }
      if (input.Groups !== undefined) for (const id of input.Groups) call.region.securityGroups.require(id, call.now)
    },
    run(input, { region, now }) {
      const instance = region.instances.require(input.InstanceId ?? '', now)
      changeHardware(instance, input)
      changeBehavior(instance, input)
      const { Groups, BlockDeviceMappings = [] } = input
      if (Groups !== undefined) {
        const names = Groups.map((id) => ({ GroupId: id, GroupName: region.securityGroups.find(id)?.data.GroupName }))
        instance.data.SecurityGroups = names
      }
      for (const { DeviceName, Ebs } of BlockDeviceMappings) {
        if (Ebs?.DeleteOnTermination !== undefined)
          keepVolume(instance, { device: DeviceName, deletes: Ebs.DeleteOnTermination }, region.volumes)
      }
      return {}
    },
  },
  DescribeInstanceAttribute: {
    run({ InstanceId = '', Attribute }, { region, now }) {
      const { data, userData, shutdownBehavior, protectedFromTermination, protectedFromStop } = region.instances.require(InstanceId, now)
      switch (Attribute) {
        case 'userData':
          return { InstanceId, UserData: userData === '' ? {} : { Value: userData } }
        case 'instanceInitiatedShutdownBehavior':
          return { InstanceId, InstanceInitiatedShutdownBehavior: { Value: shutdownBehavior } }
        case 'disableApiTermination':
          return { InstanceId, DisableApiTermination: { Value: protectedFromTermination } }
        case 'disableApiStop':
          return { InstanceId, DisableApiStop: { Value: protectedFromStop } }
        case 'instanceType':
          return { InstanceId, InstanceType: { Value: data.InstanceType } }
        case 'enaSupport':
          return { InstanceId, EnaSupport: { Value: data.EnaSupport } }
        case 'sriovNetSupport':
          return { InstanceId, SriovNetSupport: { Value: data.SriovNetSupport } }
        case 'ebsOptimized':
          return { InstanceId, EbsOptimized: { Value: data.EbsOptimized } }
        case 'groupSet':
          return { InstanceId, Groups: data.SecurityGroups }
        case 'rootDeviceName':
          return { InstanceId, RootDeviceName: { Value: data.RootDeviceName } }
        case 'blockDeviceMapping':
          return { InstanceId, BlockDeviceMappings: data.BlockDeviceMappings }
        default:
          throw apiError('NotImplemented', `This emulator does not describe the attribute ${Attribute} of an instance`)
      }
    },
  },
  ModifyInstanceMetadataOptions: {
    check: ({ InstanceId = '' }, { region, now }) => void region.instances.require(InstanceId, now),
    run(input, { region, now }) {
      const { InstanceId = '', HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, HttpProtocolIpv6, InstanceMetadataTags } = input
      const options = { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, HttpProtocolIpv6, InstanceMetadataTags }
      const { data } = region.instances.require(InstanceId, now)
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      data.MetadataOptions = { ...data.MetadataOptions, ...given }
      return { InstanceId, InstanceMetadataOptions: data.MetadataOptions }
    },
  },
}

function isGiven(value: unknown): boolean {
  return value !== undefined
}

function changeHardware({ data }: InstanceResource, input: ModifyInput): void {
  const { EnaSupport, SriovNetSupport, InstanceType, EbsOptimized, Attribute, Value } = input
  if (EnaSupport?.Value !== undefined) data.EnaSupport = EnaSupport.Value
  if (SriovNetSupport?.Value !== undefined) data.SriovNetSupport = SriovNetSupport.Value
  if (EbsOptimized?.Value !== undefined) data.EbsOptimized = EbsOptimized.Value
  const type = InstanceType?.Value ?? (Attribute === 'instanceType' ? Value : undefined)
  if (type !== undefined) data.InstanceType = type as typeof data.InstanceType // a name, as the caller gives it
}

function changeBehavior(instance: InstanceResource, input: ModifyInput): void {
  const { DisableApiTermination, DisableApiStop, InstanceInitiatedShutdownBehavior: behavior, UserData, SourceDestCheck } = input
  if (DisableApiTermination?.Value !== undefined) instance.protectedFromTermination = DisableApiTermination.Value
  if (DisableApiStop?.Value !== undefined) instance.protectedFromStop = DisableApiStop.Value
  if (behavior?.Value === 'stop' || behavior?.Value === 'terminate') instance.shutdownBehavior = behavior.Value
  if (UserData?.Value !== undefined) instance.userData = Buffer.from(UserData.Value).toString('base64')
  if (SourceDestCheck?.Value !== undefined) instance.data.SourceDestCheck = SourceDestCheck.Value
}

/** Decides whether a volume goes with its instance. */
function keepVolume(
  instance: InstanceResource,
  { device, deletes }: { readonly device: string | undefined; readonly deletes: boolean },
  volumes: Call['region']['volumes'],
): void {
  const mapping = instance.data.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === device)
  const attachment = volumes.find(mapping?.Ebs?.VolumeId ?? '')?.data.Attachments?.[0]
  if (mapping?.Ebs === undefined || attachment === undefined)
    throw apiError('InvalidInstanceAttributeValue', `No device is mapped at ${device}`)
  mapping.Ebs.DeleteOnTermination = deletes
  attachment.DeleteOnTermination = deletes
}
