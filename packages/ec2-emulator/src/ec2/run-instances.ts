import { apiError } from '../api-error.ts'
import type { Instance, Reservation, Subnet } from '../aws-sdk.ts'
import type { NoCapacityFault } from '../fault.ts'
import { strikesIn } from '../faults.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { view } from '../state/describe.ts'
import type { ImageResource, InstanceResource } from '../state/region.ts'
import type { Resource } from '../state/table.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { newId } from '../state/world.ts'
import { createVolumes, mergeMappings } from './block-devices.ts'
import { canLaunch } from './image-access.ts'
import { bootInstance } from './instance-lifecycle.ts'
import { requireInstanceType } from './instance-types.ts'
import type { LaunchRequest } from './launch-request.ts'
import { launchRequest } from './launch-request.ts'
import { chooseNetwork } from './launch-network.ts'
import { spotRequestFor } from './spot-requests.ts'

/** The most that user data can have, in bytes. */
const maxUserData = 16 * 1024

const taggable = ['instance', 'volume', 'network-interface', 'spot-instances-request', 'elastic-gpu']

/** Starting instances. */
export const runInstancesOperations: Ec2Operations<'RunInstances'> = {
  RunInstances: {
    check(input, call) {
      checkLaunch(launchRequest(input, call), call)
    },
    run(input, call): Reservation {
      const request = launchRequest(input, call)
      const instances = Array.from({ length: input.MaxCount ?? 1 }, (_, index) => launch(request, call, index))
      return { ReservationId: instances[0]?.reservationId, OwnerId: call.world.account, Instances: instances.map(view) }
    },
  },
}

/** Everything that a launch needs, looked up. */
interface CheckedLaunch {
  readonly image: ImageResource
  readonly subnet: Resource<Subnet>
}

/** Refuses a launch that Amazon would refuse. */
export function checkLaunch(request: LaunchRequest, call: Call): CheckedLaunch {
  const { ImageId, InstanceType, KeyName, UserData, BlockDeviceMappings, TagSpecifications, IamInstanceProfile } = request
  const { region, world, now } = call
  if (ImageId === undefined) throw apiError('MissingParameter', 'The request must contain the parameter ImageId')
  const image = region.images.require(ImageId, now)
  if (!canLaunch(image, world.account)) throw apiError('InvalidAMIID.NotFound', `The image id '[${ImageId}]' does not exist`)
  if (image.data.State !== 'available') throw apiError('InvalidAMIID.Unavailable', `The image ID '${ImageId}' is not available`)
  const type = requireType(InstanceType ?? '')
  if (type.architecture !== image.data.Architecture) {
    throw apiError(
      'InvalidParameterValue',
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.data.Architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    )
  }
  if (KeyName !== undefined && !region.keyPairs.all().some(({ data, visibleAt }) => data.KeyName === KeyName && visibleAt <= now)) {
    throw apiError('InvalidKeyPair.NotFound', `The key pair '${KeyName}' does not exist`)
  }
  checkUserData(UserData)
  readTagSpecifications(TagSpecifications, taggable)
  mergeMappings(image.data.BlockDeviceMappings ?? [], BlockDeviceMappings, call)
  if (IamInstanceProfile !== undefined) world.iam.requireProfile(IamInstanceProfile, now)
  checkMarket(request)
  return { image, subnet: chooseNetwork(request, call).subnet }
}

function requireType(name: string) {
  if (name === '') throw apiError('MissingParameter', 'The request must contain the parameter InstanceType')
  try {
    return requireInstanceType(name)
  } catch {
    throw apiError('InvalidParameterValue', `Invalid value '${name}' for InstanceType.`)
  }
}

function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(userData.replaceAll(/\s/g, ''))) {
    throw apiError('InvalidParameterValue', 'Invalid BASE64 encoding of user data')
  }
  if (Buffer.from(userData, 'base64').length > maxUserData) throw apiError('InvalidParameterValue', 'User data is limited to 16384 bytes')
}

function checkMarket({ InstanceMarketOptions: market }: LaunchRequest): void {
  if (market?.MarketType !== 'spot') return
  const { InstanceInterruptionBehavior: interruption = 'terminate', SpotInstanceType: type = 'one-time' } = market.SpotOptions ?? {}
  if (type === 'one-time' && interruption !== 'terminate') {
    throw apiError('InvalidParameterCombination', `The instance interruption behavior '${interruption}' needs a persistent spot request.`)
  }
}

/** Makes one instance, with its volumes, and boots it. */
export function launch(request: LaunchRequest, call: Call, index = 0): InstanceResource {
  const { world, region } = call
  const { image } = checkLaunch(request, call)
  const network = chooseNetwork(request, call)
  requireCapacity(request, network.subnet.data.AvailabilityZone ?? '', call)
  const tags = readTagSpecifications(request.TagSpecifications, taggable)
  const created = world.create(region, region.instances.names, { data: instanceData(request, image, call, index), tags: tags('instance') })
  const instance: InstanceResource = {
    ...created,
    reservationId: newId('r-'),
    userData: request.UserData ?? '',
    shutdownBehavior: request.InstanceInitiatedShutdownBehavior ?? 'stop',
    protectedFromTermination: request.DisableApiTermination ?? false,
    protectedFromStop: request.DisableApiStop ?? false,
    passwordData: '',
    interfaceTags: new Map(tags('network-interface')),
    interruptedAt: undefined,
    releasedAt: undefined,
  }
  instance.data.InstanceId = instance.id
  network.attach(instance)
  region.instances.add(instance)
  const mappings = mergeMappings(image.data.BlockDeviceMappings ?? [], request.BlockDeviceMappings, call)
  createVolumes({ instance, image, mappings, tags: tags('volume') }, call)
  if (request.InstanceMarketOptions?.MarketType === 'spot') spotRequestFor(instance, tags('spot-instances-request'), call)
  bootInstance(instance, { image, network }, call)
  return instance
}

/** @throws ApiError `InsufficientInstanceCapacity`, where a fault says so */
function requireCapacity({ InstanceType: type }: LaunchRequest, zone: string, { world, region }: Call): void {
  const isMeant = (fault: NoCapacityFault): boolean =>
    strikesIn(fault, region.name) && (fault.instanceType ?? type) === type && (fault.zone ?? zone) === zone
  if (world.faults.strike('no-capacity', isMeant) === undefined) return
  const others = region.zones.filter((name) => name !== zone).join(', ')
  throw apiError(
    'InsufficientInstanceCapacity',
    `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity. You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others}.`,
  )
}

function instanceData(request: LaunchRequest, image: ImageResource, { world, now }: Call, index: number): Instance {
  const { MetadataOptions: metadata = {}, Monitoring, IamInstanceProfile, EbsOptimized = false, EnclaveOptions } = request
  const profile = IamInstanceProfile === undefined ? undefined : world.iam.requireProfile(IamInstanceProfile, now)
  return {
    ImageId: image.id,
    InstanceType: request.InstanceType,
    KeyName: request.KeyName,
    LaunchTime: new Date(now),
    AmiLaunchIndex: index,
    State: { Code: 0, Name: 'pending' },
    Monitoring: { State: Monitoring?.Enabled === true ? 'pending' : 'disabled' },
    Architecture: image.data.Architecture,
    Platform: image.data.Platform,
    PlatformDetails: image.data.PlatformDetails,
    RootDeviceName: image.data.RootDeviceName,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: image.data.EnaSupport,
    SriovNetSupport: image.data.SriovNetSupport,
    BootMode: image.data.BootMode,
    EbsOptimized,
    EnclaveOptions,
    StateTransitionReason: '',
    ClientToken: request.ClientToken,
    IamInstanceProfile: profile,
    CapacityReservationSpecification: request.CapacityReservationSpecification,
    CpuOptions: request.CpuOptions,
    HibernationOptions: { Configured: request.HibernationOptions?.Configured ?? false },
    Licenses: request.LicenseSpecifications,
    InstanceLifecycle: request.InstanceMarketOptions?.MarketType === 'spot' ? 'spot' : undefined,
    MetadataOptions: {
      State: 'applied',
      HttpTokens: metadata.HttpTokens ?? (image.data.ImdsSupport === 'v2.0' ? 'required' : 'optional'),
      HttpPutResponseHopLimit: metadata.HttpPutResponseHopLimit ?? (image.data.ImdsSupport === 'v2.0' ? 2 : 1),
      HttpEndpoint: metadata.HttpEndpoint ?? 'enabled',
      HttpProtocolIpv6: metadata.HttpProtocolIpv6 ?? 'disabled',
      InstanceMetadataTags: metadata.InstanceMetadataTags ?? 'disabled',
    },
  }
}
