import { isImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import type { Image } from '../aws/images.ts'
import type { InstanceTypeName, Operations } from '../aws/aws-sdk.ts'
import type { Tags } from '../aws/own.ts'
import { tagSpecifications } from '../aws/tags.ts'
import type { BlockDeviceInput } from '../options/block-device.ts'
import type { LaunchOptions } from '../options/launch.ts'
import { metadataInput } from '../options/metadata.ts'
import type { Subnet } from './find-network.ts'

/** There is no room for this type in this place: another type or another place may have some. */
export const noCapacity: readonly string[] = [
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientFreeAddressesInSubnet',
  'InsufficientCapacity',
  'Unsupported',
]

/** Whether AWS has not yet told all of its servers of the group, the key or the profile that were made a moment ago. */
export function isEarly(error: unknown): boolean {
  if (hasAwsCode(error, ['InvalidGroup.NotFound', 'InvalidKeyPair.NotFound'])) return true
  return isImagoError(error) && hasAwsCode(error, ['InvalidParameterValue']) && /instance profile|iamInstanceProfile/i.test(error.message)
}

/** What an instance is started with, beside its type and its place. */
export interface LaunchParts {
  readonly source: Image
  readonly devices: readonly BlockDeviceInput[]
  readonly groups: readonly string[]
  readonly keyName: string | undefined
  readonly profile: string | undefined
  /** As bytes. */
  readonly userData: Uint8Array | undefined
  readonly tags: { readonly instance: Tags; readonly volume: Tags }
}

type RunInput = Operations['RunInstances']['input']
/** A part of a request that launch templates have, too. */
export type LaunchRequest = Pick<
  RunInput,
  | 'ImageId'
  | 'InstanceInitiatedShutdownBehavior'
  | 'MetadataOptions'
  | 'CapacityReservationSpecification'
  | 'NetworkInterfaces'
  | 'SecurityGroupIds'
  | 'BlockDeviceMappings'
  | 'KeyName'
  | 'IamInstanceProfile'
  | 'UserData'
  | 'EbsOptimized'
  | 'EnclaveOptions'
  | 'LicenseSpecifications'
>

/** What requests for one instance and launch templates have in common; not the type, the tags and the place. */
export function launchRequest({ launch = {}, network = {} }: InstanceOptions, parts: LaunchParts): LaunchRequest {
  const { source, devices, groups, keyName, profile, userData } = parts
  const { ebsOptimized, nitroEnclave, licenses, stop } = launch
  const shutdown = launch.shutdownBehavior ?? (stop === 'from-inside' ? 'stop' : 'terminate')
  const { publicIp } = network
  return {
    ImageId: source.id,
    InstanceInitiatedShutdownBehavior: shutdown,
    MetadataOptions: metadataInput(launch.metadata),
    CapacityReservationSpecification: reservation(launch),
    ...(publicIp === undefined ? { SecurityGroupIds: [...groups] } : { NetworkInterfaces: [networkInterface(groups, publicIp)] }),
    ...(devices.length > 0 && { BlockDeviceMappings: [...devices] }),
    ...(keyName !== undefined && { KeyName: keyName }),
    ...(profile !== undefined && { IamInstanceProfile: { Name: profile } }),
    ...(userData !== undefined && { UserData: Buffer.from(userData).toString('base64') }),
    ...(ebsOptimized !== undefined && { EbsOptimized: ebsOptimized }),
    ...(nitroEnclave === true && { EnclaveOptions: { Enabled: true } }),
    ...(licenses !== undefined && { LicenseSpecifications: licenses.map((arn) => ({ LicenseConfigurationArn: arn })) }),
  }
}

/** The whole request for one instance of a type, in a place. */
export function instanceRequest(
  options: InstanceOptions,
  parts: LaunchParts,
  { type, place }: { readonly type: string; readonly place: Subnet | undefined },
): RunInput {
  const { launch = {}, network = {} } = options
  const zone = place === undefined ? network.availabilityZone : undefined // a subnet is in a zone
  const { NetworkInterfaces, ...common } = launchRequest(options, parts)
  return {
    ...common,
    ...credits(type, launch),
    ...(NetworkInterfaces === undefined
      ? place !== undefined && { SubnetId: place.id }
      : { NetworkInterfaces: NetworkInterfaces.map((each) => ({ ...each, ...(place !== undefined && { SubnetId: place.id }) })) }),
    InstanceType: type as InstanceTypeName, // new types come faster than new SDKs
    Placement: placement(launch, zone),
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: tagSpecifications({
      instance: parts.tags.instance,
      volume: parts.tags.volume,
      'network-interface': parts.tags.instance,
    }),
  }
}

/** The instance types to choose from. */
export function typesOf({ instanceType }: Pick<InstanceOptions, 'instanceType'>): readonly string[] {
  return typeof instanceType === 'string' ? [instanceType] : instanceType
}

/** The part of a request that depends on the instance's type. */
export function credits(type: string, { unlimitedCredits = false }: LaunchOptions): { CreditSpecification?: { CpuCredits: string } } {
  if (!/^t[234]/.test(type)) return {}
  return { CreditSpecification: { CpuCredits: unlimitedCredits ? 'unlimited' : 'standard' } }
}

/** Where the instance runs. */
export function placement({ placement: options = {} }: LaunchOptions, zone: string | undefined): NonNullable<RunInput['Placement']> {
  const { tenancy, hostId, hostResourceGroup } = options
  const needsHost = hostId !== undefined || hostResourceGroup !== undefined
  return {
    ...(zone !== undefined && { AvailabilityZone: zone }),
    ...((tenancy !== undefined || needsHost) && { Tenancy: tenancy ?? 'host' }),
    ...(hostId !== undefined && { HostId: hostId }),
    ...(hostResourceGroup !== undefined && { HostResourceGroupArn: hostResourceGroup }),
  }
}

function networkInterface(groups: readonly string[], publicIp: boolean): NonNullable<RunInput['NetworkInterfaces']>[number] {
  return { DeviceIndex: 0, AssociatePublicIpAddress: publicIp, DeleteOnTermination: true, Groups: [...groups] }
}

function reservation({ capacityReservation = 'none' }: LaunchOptions): NonNullable<RunInput['CapacityReservationSpecification']> {
  if (typeof capacityReservation === 'string') return { CapacityReservationPreference: capacityReservation }
  const { id, group } = capacityReservation
  return {
    CapacityReservationTarget: {
      ...(id !== undefined && { CapacityReservationId: id }),
      ...(group !== undefined && { CapacityReservationResourceGroupArn: group }),
    },
  }
}
