import type { OciImageConfig, Platform } from '@imago/container-registry'
import type { BuildContext, Material, StepContext } from '@imago/core'

import type { LayerCompression, LayerFile } from '../archive/layer-file.ts'
import type { Root } from '../root/root.ts'

/** What a build starts from, once it is in the root. */
export interface Base {
  /** For people, and for the fact `sourceImage`. */
  readonly name: string
  /** The configuration of the image that the base is, if it is one. */
  readonly config?: OciImageConfig
  /** The layers, the lowest first. */
  readonly layers: readonly LayerFile[]
  /** Where the layers come from, when no configuration tells. */
  readonly origin?: string
  /** What the provenance says of it. @default nothing: there is none */
  readonly material?: Material
}

/** What a source may use to bring a base into a root. */
export interface BaseContext {
  readonly build: BuildContext
  readonly step: StepContext
  readonly root: Root
  /** A folder of this machine for layers. Absolute; gone when the build is over. */
  readonly directory: string
  readonly compression: LayerCompression
  /** Seconds since 1970. */
  readonly epoch: number
  readonly platform?: Platform | undefined
}
