import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import type { Duration } from '@imago/core'
import { ImagoError, milliseconds } from '@imago/core'
import * as v from 'valibot'

import type { BlobOptions } from './blob.ts'
import { blobStream } from './blob.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { ImageReference } from './image-reference.ts'
import { formatImageReference, parseImageReference } from './image-reference.ts'
import type { Descriptor, ImageManifest, OciImageConfig, Platform } from './oci.ts'
import { imageConfigSchema, imageIndexSchema, imageManifestSchema } from './oci.ts'
import { choosePlatform, formatPlatform, isPlatform, localPlatform, parsePlatform } from './platform.ts'
import { RegistryClient } from './registry-client.ts'

const indexTypes = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const manifestTypes = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
/** Manifests and configurations beyond this are no honest ones. */
const maxDocumentSize = 16 * 1024 * 1024

/** How to open a registry. */
export interface OpenRegistryOptions {
  /** @default none: what is public */
  readonly credentials?: RegistryCredentials
  /** Plain HTTP. @default true for this machine (`localhost`, `127.…`), false for all others */
  readonly insecure?: boolean
  /** How many times a request that fails is tried again, and a download that breaks goes on. @default 4 */
  readonly retries?: number
  /** Wait before the first retry; each further one is twice as long. @default '500ms' */
  readonly retryDelay?: Duration
  /** Ends everything that goes on, with `CANCELLED` or `TIMEOUT`. */
  readonly signal?: AbortSignal
}

/** An image in a registry, for one platform. */
export interface RegistryImage {
  /** What names the manifest. */
  readonly descriptor: Descriptor
  readonly manifest: ImageManifest
  readonly config: OciImageConfig
}

/** One repository of a registry, to read from. */
export interface Registry {
  readonly reference: ImageReference
  /**
   * Fetches the image's manifest and configuration and checks their digests.
   * @param options.platform `linux/arm64`. Without it, an image for several platforms is taken for Linux on this machine's processor,
   * and one for a single platform is taken as it is.
   * @throws ImagoError `IMAGE_NOT_FOUND`, also when it does not exist for the platform; `AUTHENTICATION_FAILED`, `NETWORK`,
   * `CHECKSUM_MISMATCH`, `UNSUPPORTED` for formats from before 2016
   */
  manifest(options?: { readonly platform?: string; readonly signal?: AbortSignal }): Promise<RegistryImage>
  /** Streams a blob: a layer. The stream fails as {@link Registry.manifest} does, at its end with `CHECKSUM_MISMATCH`. */
  blob(descriptor: Descriptor, options?: BlobOptions): Readable
}

/**
 * Opens the repository that an image's name points to, for reading. Nothing is sent yet.
 * @throws ImagoError `DEFINITION_INVALID` for what is no name of an image
 * @example
 * const registry = openRegistry('debian:12', { signal })
 * const { manifest } = await registry.manifest({ platform: 'linux/arm64' })
 * for (const layer of manifest.layers) await unpack(registry.blob(layer))
 */
export function openRegistry(image: string | ImageReference, options: OpenRegistryOptions = {}): Registry {
  const reference = typeof image === 'string' ? parseImageReference(image) : image
  const client = new RegistryClient({
    reference,
    credentials: options.credentials,
    insecure: options.insecure ?? isLoopback(reference.registry),
    retries: options.retries ?? 4,
    retryDelayMs: milliseconds(options.retryDelay ?? '500ms'),
  })
  const signalOf = (call: { readonly signal?: AbortSignal }): AbortSignal =>
    AbortSignal.any([options.signal, call.signal].filter((signal) => signal !== undefined))
  const source = { client, reference }
  return {
    reference,
    async manifest(call = {}) {
      const platform = call.platform === undefined ? undefined : parsePlatform(call.platform)
      return readImage(source, platform, signalOf(call))
    },
    blob(descriptor, call = {}) {
      return blobStream(client, descriptor, { ...call, signal: signalOf(call) })
    },
  }
}

interface ImageSource {
  readonly client: RegistryClient
  readonly reference: ImageReference
}

async function readImage(source: ImageSource, platform: Platform | undefined, signal: AbortSignal): Promise<RegistryImage> {
  const { client, reference } = source
  const name = formatImageReference(reference)
  const { descriptor, manifest } = await readManifest(source, reference.digest ?? reference.tag ?? 'latest', platform, signal)
  if (manifest.config.size > maxDocumentSize) throw tooLarge(name, 'the configuration')
  const config = parseDocument(
    imageConfigSchema,
    await buffer(blobStream(client, manifest.config, { signal })),
    `the configuration of image '${name}'`,
  )
  if (platform !== undefined && !isPlatform(config, platform)) {
    throw new ImagoError('IMAGE_NOT_FOUND', `image '${name}' does not exist for ${formatPlatform(platform)}`, {
      hint: `it exists for ${formatPlatform(config)}`,
    })
  }
  return { descriptor, manifest, config }
}

async function readManifest(
  source: ImageSource,
  tagOrDigest: string,
  platform: Platform | undefined,
  signal: AbortSignal,
): Promise<Pick<RegistryImage, 'descriptor' | 'manifest'>> {
  const name = formatImageReference(source.reference)
  const headers = { accept: [...indexTypes, ...manifestTypes].join(', ') }
  const { bytes, mediaType, announced } = await source.client.get({ path: `manifests/${tagOrDigest}`, headers, signal }, (response) =>
    readDocument(response, name),
  )
  const digest = checkDigest(bytes, tagOrDigest, announced, name)
  if (indexTypes.includes(mediaType)) {
    const index = parseDocument(imageIndexSchema, bytes, `the index of image '${name}'`)
    const chosen = choosePlatform(index, platform ?? localPlatform(), name)
    return readManifest(source, chosen.digest, platform, signal)
  }
  if (!manifestTypes.includes(mediaType)) {
    throw new ImagoError(
      'UNSUPPORTED',
      `image '${name}' is of the kind '${mediaType}', which is neither an OCI image nor a Docker image of today`,
    )
  }
  return {
    descriptor: { mediaType, digest, size: bytes.length },
    manifest: parseDocument(imageManifestSchema, bytes, `the manifest of image '${name}'`),
  }
}

interface RegistryDocument {
  readonly bytes: Buffer
  readonly mediaType: string
  /** The digest that the registry says it has. */
  readonly announced: string | null
}

async function readDocument(response: Response, name: string): Promise<RegistryDocument> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxDocumentSize) throw tooLarge(name, 'the manifest')
    chunks.push(chunk)
  }
  return {
    bytes: Buffer.concat(chunks),
    mediaType: (response.headers.get('content-type') ?? '').replace(/\s*;.*$/, ''),
    announced: response.headers.get('docker-content-digest'),
  }
}

/** The digest of a manifest, which must be the one that was asked for, or else the one that the registry says. */
function checkDigest(bytes: Uint8Array, tagOrDigest: string, header: string | null, name: string): string {
  const expected = tagOrDigest.includes(':') ? tagOrDigest : header
  const algorithm = expected?.split(':')[0] === 'sha512' ? 'sha512' : 'sha256'
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
  if (expected === null || expected === digest) return digest
  throw new ImagoError('CHECKSUM_MISMATCH', `the manifest of image '${name}' should have the digest ${expected} and has ${digest}`, {
    hint: 'a proxy on the way may have changed it; try again, or use another registry',
  })
}

function parseDocument<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array, what: string): T {
  const result = v.safeParse(schema, parseJson(bytes, what))
  if (result.success) return result.output
  const [issue] = result.issues
  throw new ImagoError('PROVIDER_FAILED', `${what} is malformed at '${v.getDotPath(issue) ?? ''}': ${issue.message}`)
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    throw new ImagoError('PROVIDER_FAILED', `${what} is no JSON`, { cause: error })
  }
}

function tooLarge(name: string, what: string): ImagoError {
  return new ImagoError('PROVIDER_FAILED', `${what} of image '${name}' is larger than any honest one`)
}

function isLoopback(registry: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registry)
}
