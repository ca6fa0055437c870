import { createHash } from 'node:crypto'

import { ImagoError, reveal } from '@imago/core'

import type { AwsAccess, AwsPlace } from '../options/access.ts'
import type { Aws, AwsReference } from './aws.ts'
import { toAwsError } from './aws-error.ts'
import type { ClientOptions, Operation, SdkClient, Service } from './aws-sdk.ts'
import { createClient, serviceOf, uploadInParts } from './aws-sdk.ts'
import { credentialsOf } from './credentials.ts'

/**
 * One connection for all builds of this process with the same access. AWS limits requests for each account and region, and takes a
 * one-time code once: builds that run beside each other must share their pace and their session.
 */
const connections = new Map<string, Connection>()

/**
 * Connects: finds region and keys. Nothing is asked of AWS yet.
 * @throws ImagoError `USAGE` when no region is named anywhere
 */
export async function connectAws({ region, access = {} }: AwsPlace): Promise<Aws> {
  const key = connectionKey(access)
  const connection = connections.get(key) ?? new Connection(access)
  connections.set(key, connection)
  // the SDK knows only the first of these two variables
  return connection.at(region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? (await connection.profileRegion()))
}

/** Connects as a journal says. */
export async function connectAgain({ region, profile, credentialsFile, roleArn, externalId, endpoint }: AwsReference): Promise<Aws> {
  return await connectAws({
    region,
    access: {
      ...(profile !== undefined && { profile }),
      ...(credentialsFile !== undefined && { credentialsFile }),
      ...(roleArn !== undefined && { assumeRole: { roleArn, ...(externalId !== undefined && { externalId }) } }),
      ...(endpoint !== undefined && { endpoint }),
    },
  })
}

const relevantEnvironment = /^AWS_(?!SDK_)|^VAULT_/

function connectionKey(access: AwsAccess): string {
  const environment = Object.entries(process.env)
    .filter(([name]) => relevantEnvironment.test(name))
    .map(([name, value = '']) => `${name}=${value}`)
  const { mfaCode, keys } = access
  const secrets = [mfaCode, keys?.accessKeyId, keys?.secretAccessKey, keys?.sessionToken].map((value) =>
    value === undefined ? '' : reveal(value),
  )
  return createHash('sha256')
    .update(JSON.stringify([access, secrets, environment]))
    .digest('hex')
}

class Connection {
  readonly #access: AwsAccess
  readonly #reference: Omit<AwsReference, 'region'>
  readonly #clients = new Map<string, SdkClient>()
  readonly #regions = new Map<string, Aws>()
  /** Those of the first client, which the others share. */
  #credentials: SdkClient['credentials']

  constructor(access: AwsAccess) {
    const { profile, credentialsFile, assumeRole, endpoint } = access
    this.#access = access
    this.#reference = {
      ...(profile !== undefined && { profile }),
      ...(credentialsFile !== undefined && { credentialsFile }),
      ...(assumeRole !== undefined && { roleArn: assumeRole.roleArn }),
      ...(assumeRole?.externalId !== undefined && { externalId: assumeRole.externalId }),
      ...(endpoint !== undefined && { endpoint }),
    }
  }

  /** AWS in a region. */
  at(region: string): Aws {
    const known = this.#regions.get(region) ?? this.#aws(region)
    this.#regions.set(region, known)
    return known
  }

  /** The region that the profile names. */
  async profileRegion(): Promise<string> {
    try {
      return await createClient('ec2', this.#options(undefined)).region()
    } catch (error) {
      throw new ImagoError('USAGE', 'no region is named', {
        cause: error,
        hint: "give the option region, such as 'eu-west-1', or set AWS_REGION",
      })
    }
  }

  #aws(region: string): Aws {
    return {
      region,
      reference: { ...this.#reference, region },
      endpoint: this.#access.endpoint ?? process.env['AWS_ENDPOINT_URL_EC2'] ?? process.env['AWS_ENDPOINT_URL'],
      call: (operation, input, { signal }) => this.#call(operation, input, region, signal),
      upload: async (input, options) => {
        try {
          await uploadInParts(this.#client('s3', region), input, options)
        } catch (error) {
          throw toAwsError(error, { service: 's3', operation: 'PutObject', region, signal: options.signal })
        }
      },
      in: (other) => this.at(other),
    }
  }

  // what it answers is what the operation answers: the SDK's types say so, name by name
  async #call<T>(operation: Operation, input: object, region: string, signal: AbortSignal): Promise<T> {
    const service = serviceOf(operation)
    try {
      // the SDK listens to the signal of each request: one of its own keeps the build's from having too many listeners
      return (await this.#client(service, region).send(operation, input, AbortSignal.any([signal]))) as T
    } catch (error) {
      const decoded = await this.#decode(error, region, signal)
      throw toAwsError(error, { service, operation, region, signal, decoded })
    }
  }

  #client(service: Service, region: string): SdkClient {
    const key = `${service} ${region}`
    const known = this.#clients.get(key)
    if (known !== undefined) return known
    const options = this.#options(region)
    const made = createClient(service, service === 'ec2' ? options : { ...options, endpoint: undefined })
    this.#credentials ??= made.credentials
    this.#clients.set(key, made)
    return made
  }

  #options(region: string | undefined): ClientOptions {
    const { profile, endpoint, maxAttempts = 10, insecureTls = false } = this.#access
    const credentials = this.#credentials ?? credentialsOf(this.#access, region)
    return { region, credentials, profile, endpoint, maxAttempts, insecureTls }
  }

  /** What AWS's coded message about a missing permission says. */
  async #decode(error: unknown, region: string, signal: AbortSignal): Promise<string | undefined> {
    const [, code] = /Encoded authorization failure message: (\S+)/.exec(error instanceof Error ? error.message : '') ?? []
    if (this.#access.decodeErrors !== true || code === undefined) return undefined
    try {
      const answer = await this.#client('sts', region).send('DecodeAuthorizationMessage', { EncodedMessage: code }, signal)
      return 'DecodedMessage' in answer && typeof answer.DecodedMessage === 'string' ? answer.DecodedMessage : undefined
    } catch {
      return undefined // the credentials may not decode: the error itself is what matters
    }
  }
}
