import type { TransferProgress } from '@imago/core'

import type { Containers } from './containers.ts'
import type { Images } from './images.ts'
import type { Networks } from './networks.ts'

/**
 * What Imago needs of a Docker engine, and no more. Every method rejects with an `ImagoError`: `PROVIDER_UNAVAILABLE` when no engine
 * answers, `IMAGE_NOT_FOUND` when there is no such image, `AUTHENTICATION_FAILED` when a registry refuses the credentials, `DISK_FULL`,
 * `MACHINE_LOST` when the container is gone, `CANCELLED` or `TIMEOUT` when the signal ended the call, `PROVIDER_FAILED` for the rest.
 */
export interface Engine {
  /** What `connectEngine({ host })` takes to reach the same engine again: `unix:///var/run/docker.sock`, `context://name`. */
  readonly endpoint: string
  /** Whether `stat` and `getArchive` read paths as patterns, so that they do not find what is called `*`: Podman's do. */
  readonly readsPatterns: boolean
  readonly images: Images
  readonly containers: Containers
  readonly networks: Networks
  /** Asks the engine who it is; also the test of whether it can be reached. */
  version(options?: CallOptions): Promise<EngineVersion>
  /** Drops the connections that are kept open. Pending calls fail. */
  close(): void
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined
}

/** What calls that move data take. */
export interface ProgressOptions extends CallOptions {
  /** Told of the bytes moved so far, all layers together; `total` grows while the engine learns of more layers. */
  readonly onProgress?: (progress: TransferProgress) => void
}

/** Who an engine is. */
export interface EngineVersion {
  /** `'Docker'` or `'Podman'`. */
  readonly name: string
  readonly version: string
  readonly apiVersion: string
  /** `linux` */
  readonly os: string
  /** As Docker names it: `amd64`, `arm64`. */
  readonly architecture: string
}

/** Which engine; `connectEngine` takes it. Plain data, so that it can stand in an image definition. */
export interface EngineOptions {
  /** `unix:///run/docker.sock`, `tcp://host:2376`, `ssh://user@host`. @default `DOCKER_HOST`, the current context, the usual sockets */
  readonly host?: string
  /** A Docker context, by name. @default `DOCKER_CONTEXT`, or Docker's current one */
  readonly context?: string
}
