import { join, resolve } from 'node:path'

import type { SshKeyPair } from '@imago/communicator-ssh'
import { clearAuthorizedKey } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import type { MachineUse, Seeds } from '@imago/hypervisor'

import { connectMachine } from './connect-machine.ts'
import type { Media } from './fetch-media.ts'
import { askedRootfs, withoutEnding } from './result-paths.ts'
import type { StartedMachine } from './start-machine.ts'
import type { VirtualBoxVersion } from './version.ts'
import type { AnyOptions } from './virtualbox-options.ts'

/** The build that a machine runs for. */
export interface UseContext {
  readonly options: AnyOptions
  readonly ctx: BuildContext
  readonly seeds: Seeds
  /** The key pair that was made for the build. */
  readonly keys: SshKeyPair | undefined
  readonly media: Media
  readonly version: VirtualBoxVersion
}

/** What a machine that runs is used with. */
export function machineUse(started: StartedMachine, { options, ctx, seeds, keys, media, version }: UseContext): MachineUse {
  const { machine, serial, port } = started
  const { result, communicator, clearAuthorizedKey: clear = true, serialLog } = options
  const base = 'path' in result ? withoutEnding(resolve(ctx.directory, result.path)) : join(ctx.directory, ctx.build)
  const rootfs = askedRootfs(result)
  const source = options.kind === 'vm' ? options.vm : media.start
  const { guestAdditions } = media
  return {
    machine,
    serial,
    options,
    ctx,
    seeds,
    facts: { vm: machine.name, ...(source !== undefined && { sourceImage: source }) },
    evidence: {
      picture: `${base}-failed`,
      log: serialLog === undefined ? `${base}-failed.log` : resolve(ctx.directory, serialLog),
      serial: serialPath(ctx.workDirectory),
    },
    hasOwnKeys: keys !== undefined,
    ...(communicator !== 'none' && {
      connect: (signal) => connectMachine(options, { ctx, keys, port, version, seedFacts: seeds.facts, guestAdditions, signal }),
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

/** Where VirtualBox writes what the guest says on its serial port. */
export function serialPath(workDirectory: string): string {
  return join(workDirectory, 'serial.log')
}
