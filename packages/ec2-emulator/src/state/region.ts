import type {
  DescribeFastLaunchImagesSuccessItem,
  FleetData,
  Image,
  ImportImageTask,
  Instance,
  KeyPairInfo,
  LaunchTemplate,
  LaunchTemplateVersion,
  SecurityGroup,
  Snapshot,
  SpotInstanceRequest,
  Subnet,
  Volume,
  Vpc,
} from '../aws-sdk.ts'
import type { StoredKey } from '../kms/keys.ts'
import type { StoredSecret } from '../secrets/secrets.ts'
import type { StoredParameter } from '../ssm/parameters.ts'
import type { ManagedSession } from '../ssm/sessions.ts'
import type { Resource, ResourceNames } from './table.ts'
import { Table } from './table.ts'

/** An instance, and what the API does not show of it. */
export interface InstanceResource extends Resource<Instance> {
  readonly reservationId: string
  /** Of its network interface. */
  readonly interfaceTags: ReadonlyMap<string, string>
  /** Base64. */
  userData: string
  shutdownBehavior: 'stop' | 'terminate'
  protectedFromTermination: boolean
  protectedFromStop: boolean
  /** Base64, encrypted for the instance's key pair. */
  passwordData: string
  /** When a spot instance will be interrupted, in milliseconds since 1970. */
  interruptedAt: number | undefined
  /** Of the security groups, in milliseconds since 1970: they cannot be deleted before. */
  releasedAt: number | undefined
}

/** An image, and what `DescribeImages` does not show of it. */
export interface ImageResource extends Resource<Image> {
  /** What its launch permissions are: users, groups, organizations, organizational units. */
  readonly launchPermissions: Permissions
  /** The disk of a guest that boots from it, as the guests' driver names it; `undefined` when it has none. */
  rootDisk: string | undefined
  /** How Windows is launched faster from it; `undefined` when it is not. */
  fastLaunch: DescribeFastLaunchImagesSuccessItem | undefined
}

/** With whom an image or a snapshot is shared. */
export interface Permissions {
  readonly users: Set<string>
  readonly groups: Set<string>
  readonly organizations: Set<string>
  readonly organizationalUnits: Set<string>
}

/** Nobody. */
export function noPermissions(): Permissions {
  return { users: new Set(), groups: new Set(), organizations: new Set(), organizationalUnits: new Set() }
}

/** A snapshot, and what the API does not show of it. */
export interface SnapshotResource extends Resource<Snapshot> {
  readonly permissions: Permissions
  /** As {@link ImageResource.rootDisk}. */
  rootDisk: string | undefined
  /** When it was started and when it will be complete, in milliseconds since 1970: its progress is in between. */
  readonly span: { startedAt: number; due: number }
}

/** A volume, and what the API does not show of it. */
export interface VolumeResource extends Resource<Volume> {
  /** The image that it is the root of, as {@link ImageResource.rootDisk}. */
  readonly rootDisk: string | undefined
}

/** A launch template with its versions, oldest first. */
export interface LaunchTemplateResource extends Resource<LaunchTemplate> {
  readonly versions: LaunchTemplateVersion[]
}

/** A VPC, and what `DescribeVpcs` does not show of it. */
export interface VpcResource extends Resource<Vpc> {
  /** Whether there is a server for names, and whether public addresses have some. */
  readonly dns: { support: boolean; hostnames: boolean }
}

/** Everything of one region. */
export interface Region {
  readonly name: string
  /** `us-east-1a`, … */
  readonly zones: readonly string[]
  readonly instances: Table<InstanceResource>
  readonly images: Table<ImageResource>
  readonly snapshots: Table<SnapshotResource>
  readonly volumes: Table<VolumeResource>
  readonly keyPairs: Table<Resource<KeyPairInfo>>
  readonly securityGroups: Table<Resource<SecurityGroup>>
  readonly vpcs: Table<VpcResource>
  readonly subnets: Table<Resource<Subnet>>
  readonly launchTemplates: Table<LaunchTemplateResource>
  readonly fleets: Table<Resource<FleetData>>
  readonly spotRequests: Table<Resource<SpotInstanceRequest>>
  readonly importTasks: Table<Resource<ImportImageTask>>
  /** The Parameter Store, by name. */
  readonly parameters: Map<string, StoredParameter>
  /** Secrets Manager, by name. */
  readonly secrets: Map<string, StoredSecret>
  /** Keys of KMS, by id. */
  readonly keys: Map<string, StoredKey>
  /** The ids of keys, by `alias/…`. */
  readonly keyAliases: Map<string, string>
  /** Sessions of Session Manager that run, by id. */
  readonly sessions: Map<string, ManagedSession>
  /** The answers of calls with a client token, by operation and token. */
  readonly tokens: Map<string, TokenRecord>
}

/** What a client token stands for. */
export interface TokenRecord {
  /** The parameters of the first call: a token with others is refused. */
  readonly input: string
  readonly output: Promise<object>
}

const names = {
  instances: {
    kind: 'instance',
    prefix: 'i-',
    notFound: 'InvalidInstanceID.NotFound',
    malformed: 'InvalidInstanceID.Malformed',
    title: 'The instance ID',
  },
  images: {
    kind: 'image',
    prefix: 'ami-',
    notFound: 'InvalidAMIID.NotFound',
    malformed: 'InvalidAMIID.Malformed',
    removed: 'InvalidAMIID.Unavailable',
    title: 'The image id',
  },
  snapshots: {
    kind: 'snapshot',
    prefix: 'snap-',
    notFound: 'InvalidSnapshot.NotFound',
    malformed: 'InvalidParameterValue',
    title: 'The snapshot',
  },
  volumes: { kind: 'volume', prefix: 'vol-', notFound: 'InvalidVolume.NotFound', malformed: 'InvalidParameterValue', title: 'The volume' },
  keyPairs: { kind: 'key-pair', prefix: 'key-', notFound: 'InvalidKeyPair.NotFound', title: 'The key pair' },
  securityGroups: {
    kind: 'security-group',
    prefix: 'sg-',
    notFound: 'InvalidGroup.NotFound',
    malformed: 'InvalidGroupId.Malformed',
    title: 'The security group',
  },
  vpcs: { kind: 'vpc', prefix: 'vpc-', notFound: 'InvalidVpcID.NotFound', title: 'The vpc ID' },
  subnets: { kind: 'subnet', prefix: 'subnet-', notFound: 'InvalidSubnetID.NotFound', title: 'The subnet ID' },
  launchTemplates: { kind: 'launch-template', prefix: 'lt-', notFound: 'InvalidLaunchTemplateId.NotFound', title: 'The launch template' },
  fleets: { kind: 'fleet', prefix: 'fleet-', notFound: 'InvalidFleetId.NotFound', title: 'The fleet' },
  spotRequests: {
    kind: 'spot-instances-request',
    prefix: 'sir-',
    notFound: 'InvalidSpotInstanceRequestID.NotFound',
    title: 'The spot instance request ID',
  },
  importTasks: { kind: 'import-image-task', prefix: 'import-ami-', notFound: 'InvalidConversionTaskId', title: 'The import task' },
} as const satisfies Record<TableName, ResourceNames>

/** The tables of a region that calls work on. */
export type TableName =
  | 'instances'
  | 'images'
  | 'snapshots'
  | 'volumes'
  | 'keyPairs'
  | 'securityGroups'
  | 'vpcs'
  | 'subnets'
  | 'launchTemplates'
  | 'fleets'
  | 'spotRequests'
  | 'importTasks'

/** All of them. */
export const tableNames: readonly TableName[] = Object.keys(names) as TableName[] // the keys of the literal above

/** A region with nothing in it. */
export function emptyRegion(name: string, zones: readonly string[]): Region {
  return {
    name,
    zones,
    instances: new Table(names.instances),
    images: new Table(names.images),
    snapshots: new Table(names.snapshots),
    volumes: new Table(names.volumes),
    keyPairs: new Table(names.keyPairs),
    securityGroups: new Table(names.securityGroups),
    vpcs: new Table(names.vpcs),
    subnets: new Table(names.subnets),
    launchTemplates: new Table(names.launchTemplates),
    fleets: new Table(names.fleets),
    spotRequests: new Table(names.spotRequests),
    importTasks: new Table(names.importTasks),
    parameters: new Map(),
    secrets: new Map(),
    keys: new Map(),
    keyAliases: new Map(),
    sessions: new Map(),
    tokens: new Map(),
  }
}
