import { resolve } from 'node:path'

import { clearAuthorizedKey, createKeyPair } from '@imago/communicator-ssh'
import type { SshKeyPair } from '@imago/communicator-ssh'
import type { BuildContext, Communicator } from '@imago/core'
import { ImagoError, isImagoError, noMachine } from '@imago/core'
import type { Seeds } from '@imago/hypervisor'

import { bootMachine } from './boot-machine.ts'
import { connectMachine } from './connect-machine.ts'
import { fetchMedia } from './fetch-media.ts'
import { keepEvidence, keepSerialLog } from './keep-evidence.ts'
import { makeDisks } from './machine-disks.ts'
import { powerOn } from './power-on.ts'
import type { PoweredMachine } from './power-on.ts'
import { QemuImg } from './qemu-img.ts'
import type { QemuOptions } from './qemu-options.ts'
import type { QemuArtifact, QemuRootfsArtifact } from './qemu-result.ts'
import { platformOf, rootfsOf } from './result-paths.ts'
import { makeSeeds } from './seeds.ts'
import { shutDownMachine } from './shut-down-machine.ts'
import { takeDisks } from './take-disks.ts'
import type { RootfsArchive } from './take-rootfs.ts'
import { takeRootfs } from './take-rootfs.ts'
import { writeOutputs } from './write-outputs.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(options: QemuOptions, ctx: BuildContext): Promise<QemuArtifact> {
  const { result } = options
  const img = new QemuImg(options.programs?.img)
  const keys = needsKeyPair(options) ? await createKeyPair(`imago ${ctx.runId}`) : undefined
  const media = await ctx.step('media', 'fetch the images to start from', (step) => fetchMedia(options, ctx, step))
  const disks = await ctx.step('disks', 'make the disks', ({ signal }) =>
    makeDisks(img, { options, base: media.disk, folder: ctx.workDirectory, signal }),
  )
  await using seeds = await ctx.step('seeds', 'make what the machine is to find', ({ signal }) =>
    makeSeeds(options, { ...ctx, signal }, keys?.publicKey),
  )
  const cds = [...(media.iso === undefined ? [] : [media.iso]), ...media.extraCds, ...seeds.cdImages]
  const material = { disks, cds, floppy: seeds.floppyImage, facts: seeds.facts }
  const powered = await ctx.step('start', 'start the machine', (step) => powerOn(options, material, { ctx, step }))
  const rootfs = await useMachine(powered, { options, ctx, seeds, keys, source: media.disk ?? media.iso })
  if (result.format === 'none') return { type: 'discarded', id: powered.name }
  if (result.format === 'rootfs') return await rootfsArtifact(rootfs, options, ctx)
  const { arch = 'x86_64' } = options
  return await ctx.step('result', `write ${result.path}`, (step) =>
    takeDisks(img, result, { disks, nvram: powered.nvram, rootfs, arch }, { ctx, step }),
  )
}

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

/** Provisions the machine and shuts it down. @returns the archive of its file system, when it is asked for */
async function useMachine(powered: PoweredMachine, use: MachineUse): Promise<RootfsArchive | undefined> {
  const { options, ctx, seeds } = use
  const { machine } = powered
  let isReached = false
  try {
    await bootMachine(powered, use)
    const { way, facts } = options.communicator === 'none' ? { way: noMachine, facts: {} } : await connectMachine(powered, use)
    await using communicator = way
    isReached = true
    await ctx.provision(communicator, { ...seeds.facts, ...facts, machineId: powered.name, ...(use.source && { sourceImage: use.source }) })
    const rootfs = await leaveMachine(communicator, use)
    await shutDownMachine(powered, communicator, use)
    if (options.serialLog !== undefined) await keepSerialLog(resolve(ctx.directory, options.serialLog), ctx)
    return rootfs
  } catch (error) {
    if (ctx.signal.aborted) throw error
    const kept = await keepEvidence(machine, options, ctx)
    throw isReached ? error : unreached(error, kept, seeds)
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

async function rootfsArtifact(
  rootfs: RootfsArchive | undefined,
  { arch = 'x86_64' }: QemuOptions,
  ctx: BuildContext,
): Promise<QemuRootfsArtifact> {
  const [file] = rootfs === undefined ? [] : await writeOutputs([rootfs.output], ctx)
  if (file === undefined) throw new ImagoError('INTERNAL', 'the file system of the machine was not taken')
  return { type: 'qemu-rootfs', id: `sha256:${file.sha256}`, files: [file], platform: platformOf(arch) }
}

/** The login of a build that names none. */
function needsKeyPair({ communicator, ssh = {} }: QemuOptions): boolean {
  return communicator !== 'none' && ssh.key === undefined && ssh.password === undefined && (ssh.agent === undefined || ssh.agent === false)
}

/** The error of a machine that was never reached, with where to look. */
function unreached(error: unknown, kept: readonly string[], seeds: Seeds): unknown {
  if (!isImagoError(error)) return error
  const summary = seeds.summary()
  const seen = summary === undefined ? [] : [summary]
  const looked = kept.length === 0 ? [] : [`look at ${kept.join(' and ')}`]
  const hint = [...(error.hint === undefined ? [] : [error.hint]), ...seen, ...looked].join('; ')
  return new ImagoError(error.code, error.message, { cause: error.cause, ...(hint !== '' && { hint }) })
}
