import type { Engine } from '@imago/docker-engine'

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
