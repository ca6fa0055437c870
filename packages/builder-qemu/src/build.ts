import { createKeyPair } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { RootfsArchive } from '@imago/hypervisor'
import { useMachine, writeOutputs } from '@imago/hypervisor'

import type { Media } from './fetch-media.ts'
import { fetchMedia } from './fetch-media.ts'
import type { MachineDisks } from './machine-disks.ts'
import { makeDisks, restoreDisks } from './machine-disks.ts'
import { machineUse } from './machine-use.ts'
import { needsKeyPair } from './needs-key-pair.ts'
import { powerOn } from './power-on.ts'
import { QemuImg } from './qemu-img.ts'
import type { QemuOptions } from './qemu-options.ts'
import type { QemuArtifact, QemuRootfsArtifact } from './qemu-result.ts'
import { platformOf } from './result-paths.ts'
import { makeSeeds } from './seeds.ts'
import type { MachineStart } from './snapshots.ts'
import { latestStart } from './snapshots.ts'
import { takeDisks } from './take-disks.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(options: QemuOptions, ctx: BuildContext): Promise<QemuArtifact> {
  const { result } = options
  const img = new QemuImg(options.programs?.img)
  const media = await ctx.step('media', 'fetch the images to start from', (step) => fetchMedia(options, ctx, step))
  const start = await withLogin(await latestStart(options, media, ctx), options, ctx)
  const disks = await ctx.step('disks', 'make the disks', ({ signal }) => startDisks(img, { options, start, media, ctx, signal }))
  await using seeds = await ctx.step('seeds', 'make what the machine is to find', ({ signal }) =>
    makeSeeds(options, start, { ...ctx, signal }),
  )
  const cds = [...(media.iso === undefined ? [] : [media.iso]), ...media.extraCds, ...seeds.cdImages]
  const material = { disks: disks.tops, cds, floppy: seeds.floppyImage, facts: seeds.facts, restored: start.restored }
  const powered = await ctx.step('start', 'start the machine', (step) => powerOn(options, material, { ctx, step }))
  const rootfs = await useMachine(machineUse(powered, { options, ctx, seeds, start, disks, source: media.disk ?? media.iso }))
  if (result.format === 'none') return { type: 'discarded', id: powered.name }
  if (result.format === 'rootfs') return await rootfsArtifact(rootfs, options, ctx)
  const { arch = 'x86_64', imgArgs } = options
  return await ctx.step('result', `write ${result.path}`, (step) =>
    takeDisks(img, result, { disks: disks.tops, nvram: powered.nvram, rootfs, arch, convertArgs: imgArgs?.convert }, { ctx, step }),
  )
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

/** A build that names no login has a key pair: that of the snapshot, or a new one. */
async function withLogin(start: MachineStart, options: QemuOptions, ctx: BuildContext): Promise<MachineStart> {
  if (start.keys !== undefined || !needsKeyPair(options)) return start
  return { ...start, keys: await createKeyPair(`imago ${ctx.runId}`) }
}

interface DiskStart {
  readonly options: QemuOptions
  readonly start: MachineStart
  readonly media: Media
  readonly ctx: BuildContext
  readonly signal: AbortSignal
}

async function startDisks(img: QemuImg, { options, start, media, ctx, signal }: DiskStart): Promise<MachineDisks> {
  const folder = ctx.workDirectory
  const { restored } = start
  if (restored !== undefined) return await restoreDisks(img, { folder, layers: restored.layers, signal })
  return await makeDisks(img, { options, base: media.disk, folder, signal })
}
