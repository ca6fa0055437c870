import type { Communicator } from '@imago/core'
import type { Engine } from '@imago/docker-engine'

import type { StartImage } from './start-image.ts'

/** A running container that a build works in. */
export interface BuildContainer {
  readonly engine: Engine
  readonly id: string
  /** What the engine and messages call it. */
  readonly name: string
  /** The image it was created from, for messages. */
  readonly image: string
  /** Path of its POSIX shell; `undefined` when it has none. */
  readonly shell: string | undefined
  /** Commands and uploads are this user's, as Docker writes it; empty for root. */
  readonly user: string
  /** Directory that commands run in. */
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  /** Paths of memory file systems, which the engine's archive calls cannot see. */
  readonly tmpfs: readonly string[]
  /** Kills everything that runs in it and starts it again. */
  restart(signal?: AbortSignal): Promise<void>
}

/** A container with the way into it, of which images are made. */
export interface ProvisionedContainer {
  readonly container: BuildContainer
  readonly machine: Communicator
  /** What it was created from. */
  readonly start: StartImage
}
