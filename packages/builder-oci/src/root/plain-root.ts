import type { ImagoError } from '@imago/core'

import { MemoryAttributes } from '../tree/attributes.ts'
import { basePathIn, LocalTree } from '../tree/local-tree.ts'
import { commandsLimit } from './root-limits.ts'
import type { Machine, MachineOptions, Root } from './root.ts'
import { RootCommunicator } from './root-communicator.ts'

/**
 * A root that is a directory and nothing else: for systems other than Linux, and where Linux allows no namespaces. It takes files, whose
 * owners and modes are kept in memory; commands cannot run.
 */
export class PlainRoot implements Root {
  readonly tree: LocalTree
  readonly basePath: string
  readonly #reason: ImagoError

  /**
   * @param directory empty, absolute
   * @param reason what `exec` rejects with
   */
  constructor(directory: string, reason: ImagoError) {
    this.tree = new LocalTree({ directory, attributes: new MemoryAttributes() })
    this.basePath = basePathIn(directory)
    this.#reason = reason
  }

  async start(_options: MachineOptions, signal: AbortSignal): Promise<Machine> {
    await this.tree.seal([], { signal })
    const { tree } = this
    return {
      connect: () => new RootCommunicator({ tree, processes: this.#reason, isAlive: () => Promise.resolve(true) }),
      stop: () => Promise.resolve(),
      limits: [commandsLimit(this.#reason)],
    }
  }

  runHelper(): Promise<never> {
    return Promise.reject(this.#reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.tree[Symbol.dispose]()
    return Promise.resolve()
  }
}
