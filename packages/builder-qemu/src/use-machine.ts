import { resolve } from 'node:path'

import { clearAuthorizedKey } from '@imago/communicator-ssh'
import type { Communicator } from '@imago/core'
import { ImagoError, isImagoError, noMachine } from '@imago/core'

import { bootMachine } from './boot-machine.ts'
import { connectMachine } from './connect-machine.ts'
import { keepEvidence, keepSerialLog } from './keep-evidence.ts'
import type { MachineUse } from './machine-use.ts'
import type { PoweredMachine } from './power-on.ts'
import { rootfsOf } from './result-paths.ts'
import { shutDownMachine } from './shut-down-machine.ts'
import type { RootfsArchive } from './take-rootfs.ts'
import { takeRootfs } from './take-rootfs.ts'

/**
 * Provisions a machine that runs, and shuts it down. When that fails, what shows why is kept.
 * @returns the archive of its file system, when it is asked for
 */
export async function useMachine(powered: PoweredMachine, use: MachineUse): Promise<RootfsArchive | undefined> {
  const { options, ctx, seeds, source } = use
  const { machine } = powered
  const isEntered = options.communicator !== 'none'
  let isReached = false
  try {
    if (!isEntered) machine.expectEnd() // when it is done, which only the guest knows
    await bootMachine(powered, use)
    const { way, facts } = isEntered ? await connectMachine(powered, use) : { way: noMachine, facts: {} }
    await using communicator = way
    isReached = true
    await ctx.provision(communicator, {
      ...seeds.facts,
      ...facts,
      machineId: powered.name,
      ...(source !== undefined && { sourceImage: source }),
    })
    const rootfs = await leaveMachine(communicator, use)
    await shutDownMachine(powered, communicator, use)
    if (options.serialLog !== undefined) await keepSerialLog(resolve(ctx.directory, options.serialLog), ctx)
    return rootfs
  } catch (error) {
    if (ctx.signal.aborted) throw error
    const kept = await keepEvidence(machine, options, ctx)
    throw isReached ? error : unreached(error, kept, use)
  } finally {
    machine.close()
  }
}

/** What is still to be done in the machine when the provisioners are done. */
async function leaveMachine(communicator: Communicator, { options, ctx, keys }: MachineUse): Promise<RootfsArchive | undefined> {
  const { result, clearAuthorizedKey: clear = true } = options
  if (keys !== undefined && clear) {
    await ctx.step('keys', "remove the build's key from the machine", ({ signal }) =>
      clearAuthorizedKey(communicator, keys.publicKey, { signal }),
    )
  }
  const rootfs = result.format === 'rootfs' ? result : result.format === 'none' ? undefined : rootfsOf(result)
  if (rootfs === undefined) return undefined
  return await ctx.step('rootfs', `write ${rootfs.path}`, (step) => takeRootfs(communicator, rootfs, { ctx, step }))
}

/** The error of a machine that was never reached, with where to look. */
function unreached(error: unknown, kept: readonly string[], { seeds, keys }: MachineUse): unknown {
  if (!isImagoError(error)) return error
  const { code, message, cause, exitCode, issues } = error
  const hints = [
    error.hint,
    keys !== undefined && code === 'AUTHENTICATION_FAILED'
      ? "no login was given, so a key pair was made: give the guest facts.sshPublicKey, or the build 'ssh.key' or 'ssh.password'"
      : undefined,
    seeds.summary(),
    kept.length === 0 ? undefined : `look at ${kept.join(' and ')}`,
  ].filter((hint) => hint !== undefined)
  return new ImagoError(code, message, {
    cause,
    ...(hints.length > 0 && { hint: hints.join('; ') }),
    ...(exitCode !== undefined && { exitCode }),
    ...(issues !== undefined && { issues }),
  })
}
