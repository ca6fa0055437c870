import { createRequire } from 'node:module'

import type * as ec2 from '@aws-sdk/client-ec2'
import type * as iam from '@aws-sdk/client-iam'
import type * as kms from '@aws-sdk/client-kms'
import type * as s3 from '@aws-sdk/client-s3'
import type * as secrets from '@aws-sdk/client-secrets-manager'
import type * as ssm from '@aws-sdk/client-ssm'
import type * as sts from '@aws-sdk/client-sts'
import type * as credentialProviders from '@aws-sdk/credential-providers'
import type * as storage from '@aws-sdk/lib-storage'

import type { RetryingClient } from './retry-in-vain.ts'
import { withoutRetryInVain } from './retry-in-vain.ts'

/** The only file that knows the SDK. It is required, not imported: that takes half the time, and a plan takes none of it. */
const require = createRequire(import.meta.url)

type CommandClass = new (...args: never[]) => { readonly input: object; resolveMiddleware(...args: never[]): unknown }
/** What a command of the SDK takes and answers. */
interface Call<C extends CommandClass> {
  readonly input: InstanceType<C>['input']
  readonly output: InstanceType<C> extends {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ readonly output: infer O }>
  }
    ? O
    : never
}
type Calls<Sdk, Name extends string> = {
  readonly [N in Name]: `${N}Command` extends keyof Sdk
    ? Sdk[`${N}Command`] extends CommandClass
      ? Call<Sdk[`${N}Command`]>
      : never
    : never
}

const operations = {
  ec2: [
    'AttachVolume',
    'AuthorizeSecurityGroupIngress',
    'CopyImage',
    'CreateFleet',
    'CreateImage',
    'CreateLaunchTemplate',
    'CreateSecurityGroup',
    'CreateSnapshot',
    'CreateTags',
    'DeleteKeyPair',
    'DeleteLaunchTemplate',
    'DeleteSecurityGroup',
    'DeleteSnapshot',
    'DeleteTags',
    'DeleteVolume',
    'DeregisterImage',
    'DescribeAvailabilityZones',
    'DescribeFastLaunchImages',
    'DescribeImages',
    'DescribeImportImageTasks',
    'DescribeInstanceTypeOfferings',
    'DescribeInstances',
    'DescribeKeyPairs',
    'DescribeLaunchTemplates',
    'DescribeRegions',
    'DescribeSecurityGroups',
    'DescribeSnapshots',
    'DescribeSubnets',
    'DescribeVolumes',
    'DescribeVpcAttribute',
    'DescribeVpcs',
    'DetachVolume',
    'DisableImageDeregistrationProtection',
    'EnableFastLaunch',
    'EnableImageDeprecation',
    'EnableImageDeregistrationProtection',
    'GetConsoleOutput',
    'GetPasswordData',
    'ImportImage',
    'CancelImportTask',
    'ImportKeyPair',
    'ModifyImageAttribute',
    'ModifyInstanceAttribute',
    'ModifySnapshotAttribute',
    'RegisterImage',
    'RunInstances',
    'StopInstances',
    'TerminateInstances',
  ],
  iam: [
    'AddRoleToInstanceProfile',
    'CreateInstanceProfile',
    'CreateRole',
    'DeleteInstanceProfile',
    'DeleteRole',
    'DeleteRolePolicy',
    'GetInstanceProfile',
    'ListInstanceProfiles',
    'ListInstanceProfileTags',
    'ListRolePolicies',
    'ListRoles',
    'ListRoleTags',
    'PutRolePolicy',
    'RemoveRoleFromInstanceProfile',
  ],
  sts: ['DecodeAuthorizationMessage', 'GetCallerIdentity'],
  ssm: ['GetParameter', 'StartSession', 'TerminateSession'],
  kms: ['DescribeKey'],
  secretsmanager: ['GetSecretValue'],
  s3: ['AbortMultipartUpload', 'DeleteObject', 'ListMultipartUploads'],
} as const

/** A service of AWS, by the name that its endpoints and its actions have. */
export type Service = keyof typeof operations

/** Every operation that this package calls, with what it takes and what it answers. */
export type Operations = Calls<typeof ec2, (typeof operations.ec2)[number]> &
  Calls<typeof iam, (typeof operations.iam)[number]> &
  Calls<typeof sts, (typeof operations.sts)[number]> &
  Calls<typeof ssm, (typeof operations.ssm)[number]> &
  Calls<typeof kms, (typeof operations.kms)[number]> &
  Calls<typeof secrets, (typeof operations.secretsmanager)[number]> &
  Calls<typeof s3, (typeof operations.s3)[number]>

/** The name of an operation: `'RunInstances'`. */
export type Operation = keyof Operations

const serviceByOperation: ReadonlyMap<string, Service> = new Map(
  Object.entries(operations).flatMap(([service, names]) => names.map((name) => [name, service as Service] as const)), // a key of `operations`
)

/** The service that has an operation. */
export function serviceOf(operation: Operation): Service {
  return serviceByOperation.get(operation) ?? 'ec2'
}

/** Gives the keys to sign requests with, and gets new ones when they expire. */
export type CredentialProvider = ec2.EC2ClientConfig['credentials']

/** How a client is made. */
export interface ClientOptions {
  /** @default the one of the profile */
  readonly region: string | undefined
  /** @default what the SDK finds: environment, profile, token file, container, instance */
  readonly credentials: CredentialProvider | undefined
  readonly profile: string | undefined
  /** @default AWS's own, or what `AWS_ENDPOINT_URL` says */
  readonly endpoint: string | undefined
  readonly maxAttempts: number
  readonly insecureTls: boolean
}

/** A client of one service in one region. */
export interface SdkClient {
  send(operation: string, input: object, signal: AbortSignal): Promise<object>
  region(): Promise<string>
  readonly credentials: CredentialProvider
  /** The client itself, for what takes one. */
  readonly client: object
}

interface AnyClient {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<object>
  readonly config: RetryingClient['config'] & { region(): Promise<string>; readonly credentials: CredentialProvider }
}

/** Makes a client. Loads the service's part of the SDK. */
export function createClient(service: Service, options: ClientOptions): SdkClient {
  const { credentials, profile, region, endpoint, maxAttempts, insecureTls } = options
  const sdk = require(packages[service]) as Record<string, new (input: object) => object> // its clients and commands are all of this kind
  const construct = (name: string, input: object): object => {
    const Class = sdk[name]
    if (Class === undefined) throw new TypeError(`${packages[service]} has no ${name}`)
    return new Class(input)
  }
  const client = withoutNodeWarning(() =>
    construct(clients[service], {
      ...(credentials !== undefined && { credentials }),
      ...(profile !== undefined && { profile }),
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts,
      retryMode: 'adaptive',
      customUserAgent: 'imago/0.1',
      // without these a server that says nothing is waited for for ever
      requestHandler: {
        connectionTimeout: 5000,
        requestTimeout: 60_000,
        throwOnRequestTimeout: true,
        ...(insecureTls && { httpsAgent: { rejectUnauthorized: false } }),
      },
    }),
  ) as AnyClient // every client of the SDK has these
  withoutRetryInVain(client)
  return {
    send: (operation, input, signal) => client.send(construct(`${operation}Command`, input), { abortSignal: signal }),
    region: () => client.config.region(),
    credentials: client.config.credentials,
    client,
  }
}

/** The SDK's providers of credentials. */
export function loadCredentialProviders(): typeof credentialProviders {
  return require('@aws-sdk/credential-providers') as typeof credentialProviders
}

/** The types of instances that the SDK knows. */
export type InstanceTypeName = ec2._InstanceType
/** An instance, as the SDK has it. */
export type InstanceDescription = ec2.Instance
/** An image, as the SDK has it. */
export type ImageDescription = ec2.Image
/** A subnet, as the SDK has it. */
export type SubnetDescription = ec2.Subnet
/** An import of an image, as the SDK has it. */
export type ImportTaskDescription = ec2.ImportImageTask
/** A kind of thing that has tags. */
export type ResourceType = ec2.ResourceType
/** Tags of one kind of thing. */
export type TagSpecification = ec2.TagSpecification

/** What is uploaded in parts. */
export type UploadInput = s3.PutObjectCommandInput

/** Uploads to S3 in parts. */
export async function uploadInParts(
  client: SdkClient,
  params: UploadInput,
  options: { readonly size: number; readonly signal: AbortSignal; readonly onProgress: (bytes: number) => void },
): Promise<void> {
  const { Upload } = require('@aws-sdk/lib-storage') as typeof storage
  const upload = new Upload({ client: cancellable(client.client as s3.S3Client, options.signal), params }) // made for the service s3
  upload.on('httpUploadProgress', ({ loaded }) => options.onProgress(loaded ?? 0))
  const abort = (): void => void upload.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    await upload.done()
  } catch (error) {
    // that the upload is not there any more also means that it was completed, and the answer lost
    if (!(error instanceof Error) || error.name !== 'NoSuchUpload' || !(await hasObject(client, params, options))) throw error
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}

/** The same client, whose requests end when the signal does: the uploader itself lets them go on. */
function cancellable(client: s3.S3Client, signal: AbortSignal): s3.S3Client {
  const original = client as unknown as AnyClient // as every client of the SDK is
  const bound = { send: (command: object) => original.send(command, { abortSignal: AbortSignal.any([signal]) }) }
  return Object.assign(Object.create(client) as s3.S3Client, bound)
}

/** Whether an object of that size is there. */
async function hasObject(
  client: SdkClient,
  { Bucket, Key }: UploadInput,
  { size, signal }: { readonly size: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const answer = await client.send('HeadObject', { Bucket, Key }, signal).catch(() => ({})) // what happened to the upload is the error to tell
  return 'ContentLength' in answer && answer.ContentLength === size
}

const packages: Record<Service, string> = {
  ec2: '@aws-sdk/client-ec2',
  iam: '@aws-sdk/client-iam',
  sts: '@aws-sdk/client-sts',
  ssm: '@aws-sdk/client-ssm',
  kms: '@aws-sdk/client-kms',
  secretsmanager: '@aws-sdk/client-secrets-manager',
  s3: '@aws-sdk/client-s3',
}
const clients: Record<Service, string> = {
  ec2: 'EC2Client',
  iam: 'IAMClient',
  sts: 'STSClient',
  ssm: 'SSMClient',
  kms: 'KMSClient',
  secretsmanager: 'SecretsManagerClient',
  s3: 'S3Client',
}

/** The SDK warns about the Node versions of its later releases; this release is pinned. */
function withoutNodeWarning<T>(make: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
  const before = process.env[name]
  process.env[name] = 'true'
  try {
    return make()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}
