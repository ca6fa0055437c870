import { join, resolve } from 'node:path'

import { clearAuthorizedKey } from '@imago/communicator-ssh'
import type { MachineUse, RootfsOptions, Seeds } from '@imago/hypervisor'

import { connectMachine } from './connect-machine.ts'
import type { PoweredMachine } from './power-on.ts'
import type { QemuOptions } from './qemu-options.ts'
import { rootfsOf, withoutEnding } from './result-paths.ts'
import { serialLogPath } from './serial-log.ts'
import type { SnapshotSource } from './snapshots.ts'
import { setClock } from './set-clock.ts'
import { snapshotSaver } from './snapshots.ts'

/** The build that a machine runs for. */
export interface UseContext extends SnapshotSource {
  readonly seeds: Seeds
  /** The image that the machine started from. */
  readonly source: string | undefined
}

/** What a machine that runs is used with. */
export function machineUse(powered: PoweredMachine, { options, ctx, seeds, start, disks, source }: UseContext): MachineUse {
  const { machine, serial } = powered
  const { keys, restored } = start
  const { result, communicator, clearAuthorizedKey: clear = true, serialLog } = options
  const base = result.format === 'none' ? join(ctx.directory, ctx.build) : withoutEnding(resolve(ctx.directory, result.path))
  const rootfs = askedRootfs(result)
  return {
    machine,
    serial,
    options: restored === undefined ? options : { ...options, boot: {} }, // what was typed once is done
    ctx,
    seeds,
    facts: source === undefined ? {} : { sourceImage: source },
    evidence: {
      picture: `${base}-failed`,
      log: serialLog === undefined ? `${base}-failed.log` : resolve(ctx.directory, serialLog),
      serial: serialLogPath(ctx.workDirectory),
    },
    hasOwnKeys: keys !== undefined,
    ...(communicator !== 'none' && {
      connect: async (signal) => {
        const reached = await connectMachine(machine, options, { ctx, keys, signal })
        if (restored?.memory !== undefined) await setClock(reached.way, { signal, emit: ctx.emit })
        return reached
      },
      snapshots: (way) => snapshotSaver(powered, way, { disks, start, options, ctx }),
    }),
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
