import { join, resolve } from 'node:path'

import type { SshKeyPair } from '@imago/communicator-ssh'
import { clearAuthorizedKey } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import type { MachineUse, RootfsOptions, Seeds } from '@imago/hypervisor'

import { connectMachine } from './connect-machine.ts'
import type { PoweredMachine } from './power-on.ts'
import type { QemuOptions } from './qemu-options.ts'
import { rootfsOf, withoutEnding } from './result-paths.ts'
import { serialLogPath } from './serial-log.ts'

/** The build that a machine runs for. */
export interface UseContext {
  readonly options: QemuOptions
  readonly ctx: BuildContext
  readonly seeds: Seeds
  /** The key pair that was made for the build. */
  readonly keys: SshKeyPair | undefined
  /** The image that the machine started from. */
  readonly source: string | undefined
}

/** What a machine that runs is used with. */
export function machineUse({ machine, serial }: PoweredMachine, { options, ctx, seeds, keys, source }: UseContext): MachineUse {
  const { result, communicator, clearAuthorizedKey: clear = true, serialLog } = options
  const base = result.format === 'none' ? join(ctx.directory, ctx.build) : withoutEnding(resolve(ctx.directory, result.path))
  const rootfs = askedRootfs(result)
  return {
    machine,
    serial,
    options,
    ctx,
    seeds,
    facts: source === undefined ? {} : { sourceImage: source },
    evidence: {
      picture: `${base}-failed`,
      log: serialLog === undefined ? `${base}-failed.log` : resolve(ctx.directory, serialLog),
      serial: serialLogPath(ctx.workDirectory),
    },
    hasOwnKeys: keys !== undefined,
    ...(communicator !== 'none' && { connect: (signal) => connectMachine(machine, options, { ctx, keys, signal }) }),
    ...(keys !== undefined &&
      clear && {
        leave: (way) =>
          ctx.step('keys', "remove the build's key from the machine", ({ signal }) => clearAuthorizedKey(way, keys.publicKey, { signal })),
      }),
    ...(rootfs !== undefined && { rootfs }),
    ...(serialLog !== undefined && { serialLog }),
  }
}

function askedRootfs(result: QemuOptions['result']): RootfsOptions | undefined {
  switch (result.format) {
    case 'rootfs':
      return result
    case 'none':
      return undefined
    default:
      return rootfsOf(result)
  }
}
