import type { ContainerConfig } from '@imago/container-registry'
import type { FromFacts } from '@imago/core'

import type { LayerCompression } from './archive/layer-file.ts'
import type { OciSource } from './from/load-base.ts'

/** How to build an OCI image without an engine. Steps run as root, whatever `user` says, and see `env`. */
export interface OciOptions extends ContainerConfig {
  /** What the image starts from: `scratch()`, `hostBinaries()`, `tarball()`, `ociArchive()`, `registry()`, `debootstrap()`. */
  readonly from: OciSource
  /** The archive to write. Relative to the definition's folder. @default `<image>-<build>.oci.tar` */
  readonly output?: FromFacts<string>
  /** The image's name in the archive, and in the engine that loads it: `'cow:1.0'`. @default none */
  readonly tag?: FromFacts<string>
  /** What the image runs on: `'linux/arm64'`. Steps run only on this machine's own processor. @default the base's, or else Linux on this machine's processor */
  readonly platform?: string
  /** Who made the image. @default the base's */
  readonly author?: string
  /** How new layers are compressed; those of the base stay as they are. @default 'gzip' */
  readonly compression?: LayerCompression
  /**
   * The image's date, in seconds since 1970; no file of a new layer is younger. The same inputs give the same digest.
   * @default the environment's `SOURCE_DATE_EPOCH`, or else 0
   */
  readonly sourceDateEpoch?: number
}
