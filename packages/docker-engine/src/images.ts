import type { Readable } from 'node:stream'

import type { RegistryCredentials } from '@imago/container-registry'

import type { CallOptions, ProgressOptions } from './engine.ts'

/** The images in an engine's store. An image is named by its id (`sha256:…`) or by `repository:tag`. */
export interface Images {
  /** What is known of an image; `undefined` when the engine has none of that name. */
  inspect(image: string, options?: CallOptions): Promise<ImageDetails | undefined>
  /** The images that have all these labels; a value of `undefined` means any. */
  list(labels: Readonly<Record<string, string | undefined>>, options?: CallOptions): Promise<readonly ListedImage[]>
  /** The commands by which an image was made, those of its base images first. @throws `IMAGE_NOT_FOUND` */
  history(image: string, options?: CallOptions): Promise<readonly string[]>
  /** The digest of what a name stands for at its registry, `sha256:…`. @throws as `pull`; `PROVIDER_FAILED` for Podman, which cannot tell */
  registryDigest(reference: string, options?: RegistryOptions): Promise<string>
  /** Fetches an image from its registry. @throws `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED`, `NETWORK` */
  pull(reference: string, options?: PullOptions): Promise<void>
  /** Builds an image from a Dockerfile, with the engine's own builder. */
  build(request: BuildRequest): Promise<string>
  /** Gives an image another name. @throws `IMAGE_NOT_FOUND` */
  tag(image: string, name: RepositoryTag, options?: CallOptions): Promise<void>
  /** Sends `repository:tag` to its registry. @throws `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED`, `NETWORK` */
  push(name: RepositoryTag, options?: PushOptions): Promise<PushedImage>
  /** The tar stream of `docker save`; several names of one image are one image with all of these names. @throws `IMAGE_NOT_FOUND` */
  save(names: readonly string[], options?: CallOptions): Promise<Readable>
  /** Takes the tar stream of `docker save`; answers with the names or ids that were loaded. Fails with the stream's own error. */
  load(archive: Readable, options?: CallOptions): Promise<readonly string[]>
  /** Makes an image of one layer from the tar stream of a root file system; answers with its id. Fails with the stream's own error. */
  import(rootfs: Readable, options?: ImportOptions): Promise<string>
  /** Removes a name, or the image itself when an id is given or the name was its last. One that is not there is no error. */
  remove(image: string, options?: RemoveImageOptions): Promise<void>
}

/** An image of a list. */
export interface ListedImage {
  /** `sha256:…` */
  readonly id: string
  /** Names, `repository:tag`. */
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** A name of an image, in its two parts. */
export interface RepositoryTag {
  /** `debian`, `ghcr.io/example/app` */
  readonly repository: string
  /** @default latest */
  readonly tag?: string
}

/** What an engine knows of an image. */
export interface ImageDetails {
  /** `sha256:…` */
  readonly id: string
  /** Names, `repository:tag`. */
  readonly tags: readonly string[]
  /** `repository@sha256:…`, for what came from a registry or went to one. */
  readonly digests: readonly string[]
  /** Bytes, all layers. */
  readonly size: number
  readonly os: string
  /** As Docker names it: `amd64`, `arm64`. */
  readonly architecture: string
  readonly config: ImageConfig
  /** The digests of the layers' content, lowest first. */
  readonly layers: readonly string[]
}

/** What an image says of the containers made from it. */
export interface ImageConfig {
  readonly cmd?: readonly string[]
  readonly entrypoint?: readonly string[]
  /** `NAME=value` */
  readonly env?: readonly string[]
  readonly user?: string
  readonly workdir?: string
  readonly labels?: Readonly<Record<string, string>>
  /** `80/tcp` */
  readonly exposedPorts?: readonly string[]
  readonly volumes?: readonly string[]
}

/** How to ask a registry. */
export interface RegistryOptions extends CallOptions {
  /** @default none */
  readonly login?: RegistryCredentials
}

/** How to pull. */
export interface PullOptions extends ProgressOptions, RegistryOptions {
  /** `linux/arm64` @default the engine's own */
  readonly platform?: string
}

/** How to push. */
export interface PushOptions extends ProgressOptions, RegistryOptions {}

/** What the registry made of a push. */
export interface PushedImage {
  /** The digest of the manifest, `sha256:…`; `undefined` when the engine did not say. */
  readonly digest: string | undefined
}

/** What to build from a Dockerfile. */
export interface BuildRequest extends CallOptions {
  /** The build context as a tar stream. */
  readonly context: Readable
  /** Path of the Dockerfile in the context. @default Dockerfile */
  readonly dockerfile?: string
  /** The stage to build. @default the last */
  readonly target?: string
  /** `ARG` values. */
  readonly args?: Readonly<Record<string, string>>
  readonly platform?: string
  /** Always ask the registry for newer base images. @default false */
  readonly pull?: boolean
  /** By registry, for base images that need one. */
  readonly logins?: Readonly<Record<string, RegistryCredentials>>
  /** Told what the builder prints. */
  readonly onOutput?: (text: string) => void
}

/** How to import a root file system. */
export interface ImportOptions extends CallOptions {
  /** The image's name. @default none */
  readonly name?: RepositoryTag
  /** Dockerfile instructions for the configuration: `CMD ["sh"]`. */
  readonly changes?: readonly string[]
  readonly message?: string
  readonly platform?: string
}

/** How to remove an image. */
export interface RemoveImageOptions extends CallOptions {
  /** Also when it has several names, or a stopped container uses it. @default false */
  readonly force?: boolean
}
