import type { RegistryLogin } from '@imago/container-registry'
import type { ArtifactReference, DockerImageArtifact, Secret } from '@imago/core'
import type { EngineOptions } from '@imago/docker-engine'

import type { CommitResult, DockerResult } from './docker-result.ts'

/** A Dockerfile to build the start from. */
export interface DockerfileOptions {
  /** The Dockerfile, relative to the definition. */
  readonly path: string
  /** The folder that `COPY` copies from; its `.dockerignore` holds. @default the Dockerfile's own folder */
  readonly context?: string
  /** The stage to build. @default the last */
  readonly target?: string
  /** Values of `ARG`. They stand in the image's history: nothing secret. */
  readonly args?: Readonly<Record<string, string>>
}

/** When the image is fetched from its registry. */
export type PullPolicy = 'always' | 'missing' | 'never'

/** Where a build starts: an image, another build's image, or a Dockerfile. */
export type DockerStart =
  | { readonly image: string | ArtifactReference<DockerImageArtifact>; readonly dockerfile?: never }
  | { readonly dockerfile: DockerfileOptions; readonly image?: never }

/** How the container runs. Nothing of this is in the image. */
export interface DockerRunOptions {
  /** `host:container[:ro]`; a host path that begins with `.` is relative to the definition, and a name is a volume's. @default none */
  readonly volumes?: readonly string[]
  /** `none`, `host`, or the name of a network. @default the engine's own, `bridge` */
  readonly network?: string
  /** @default false */
  readonly privileged?: boolean
  /** Linux capabilities: `NET_ADMIN`. */
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  /** Memory file systems: `path[:options]`. What is in them is not in the image. @default none */
  readonly tmpfs?: readonly string[]
  /** More lines of `/etc/hosts`: addresses by name. `host-gateway` is this machine. */
  readonly extraHosts?: Readonly<Record<string, string>>
  /** `host[:container[:rwm]]` @default none */
  readonly devices?: readonly string[]
  /** Bytes, or with a unit: `'512m'`, `'2g'`. @default no limit */
  readonly memory?: number | `${number}${'k' | 'm' | 'g'}`
  /** The OCI runtime that the engine runs it with, by the engine's name for it: `runsc`. @default the engine's own */
  readonly runtime?: string
  /** Run the engine's small init as process 1. @default false */
  readonly init?: boolean
  readonly hostname?: string
  /** Commands and uploads are this user's: `name`, `uid` or `uid:gid`. @default the image's */
  readonly user?: string
  /** Directory that commands run in; it is made. @default the image's */
  readonly workdir?: string
  /** Environment of all commands. Not in the image: see `result.config.env`. */
  readonly env?: Readonly<Record<string, string | Secret>>
  /** Where the image has a POSIX shell. Without one there, only commands given as lists run. @default /bin/sh */
  readonly shell?: string
}

/** What `docker()` takes. */
export type DockerOptions<R extends DockerResult = CommitResult> = DockerStart &
  DockerRunOptions & {
    /**
     * `'missing'` fetches the image when the engine does not have it, `'always'` looks for a newer one each time, `'never'` takes what is
     * there. Another build's image is never fetched. With a Dockerfile it is about its base images, and cannot be `'never'`.
     * @default missing
     */
    readonly pull?: PullPolicy
    /** `linux/arm64`; the engine must be able to run it. @default the engine's own */
    readonly platform?: string
    /** For the registry of `image`: a user, or a credential helper of Docker's. Packer: `login`, `ecr_login`. @default what `docker login` left */
    readonly login?: RegistryLogin
    /** Which engine. @default `DOCKER_HOST`, the current Docker context, or the usual sockets of Docker and Podman */
    readonly engine?: EngineOptions
    /** What becomes of the container. @default `{ type: 'commit' }` */
    readonly result?: R
  }
