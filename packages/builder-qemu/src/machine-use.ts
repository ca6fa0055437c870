import type { SshKeyPair } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import type { Seeds } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'

/** What a machine that runs is used with. */
export interface MachineUse {
  readonly options: QemuOptions
  readonly ctx: BuildContext
  readonly seeds: Seeds
  /** The key pair that was made for the build. */
  readonly keys: SshKeyPair | undefined
  /** The image that the machine started from. */
  readonly source: string | undefined
}
