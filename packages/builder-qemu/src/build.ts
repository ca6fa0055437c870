import { createKeyPair } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { RootfsArchive } from '@imago/hypervisor'
import { useMachine, writeOutputs } from '@imago/hypervisor'

import { fetchMedia } from './fetch-media.ts'
import { makeDisks } from './machine-disks.ts'
import { machineUse } from './machine-use.ts'
import { powerOn } from './power-on.ts'
import { QemuImg } from './qemu-img.ts'
import type { QemuOptions } from './qemu-options.ts'
import type { QemuArtifact, QemuRootfsArtifact } from './qemu-result.ts'
import { platformOf } from './result-paths.ts'
import { makeSeeds } from './seeds.ts'
import { takeDisks } from './take-disks.ts'

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
  const rootfs = await useMachine(machineUse(powered, { options, ctx, seeds, keys, source: media.disk ?? media.iso }))
  if (result.format === 'none') return { type: 'discarded', id: powered.name }
  if (result.format === 'rootfs') return await rootfsArtifact(rootfs, options, ctx)
  const { arch = 'x86_64' } = options
  return await ctx.step('result', `write ${result.path}`, (step) =>
    takeDisks(img, result, { disks, nvram: powered.nvram, rootfs, arch }, { ctx, step }),
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

/** The login of a build that names none. */
function needsKeyPair({ communicator, ssh = {} }: QemuOptions): boolean {
  return communicator !== 'none' && ssh.key === undefined && ssh.password === undefined && (ssh.agent === undefined || ssh.agent === false)
}
