import { mkdir } from 'node:fs/promises'

import { createKeyPair } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import { useMachine } from '@imago/hypervisor'

import { checkSnapshot } from './borrow-machine.ts'
import { fetchMedia } from './fetch-media.ts'
import { finishMachine } from './finish-machine.ts'
import { cdsOf, placeCds } from './insert-cds.ts'
import { checkName } from './keep-machine.ts'
import { machineUse, serialPath } from './machine-use.ts'
import { makeMachine } from './make-machine.ts'
import { makeSeeds } from './seeds.ts'
import { startMachine } from './start-machine.ts'
import { takeResult } from './take-result.ts'
import { vboxManage } from './vbox-manage.ts'
import { virtualBoxVersion } from './version.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBoxArtifact } from './virtualbox-result.ts'
import type { VirtualBox } from './virtualbox.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(
  options: AnyOptions,
  ctx: BuildContext,
  box: VirtualBox = vboxManage(options.program),
): Promise<VirtualBoxArtifact> {
  const version = await virtualBoxVersion(box, ctx.signal)
  await checkName(options, ctx, box)
  if (options.kind === 'vm') await checkSnapshot(options, box, ctx.signal)
  await mkdir(ctx.workDirectory, { recursive: true })
  const keys = needsKeyPair(options) ? await createKeyPair(`imago ${ctx.runId}`) : undefined
  const media = await ctx.step('media', 'fetch what to start from', (step) => fetchMedia(options, box, ctx, step))
  await using seeds = await ctx.step('seeds', 'make what the machine is to find', ({ signal }) =>
    makeSeeds(options, { ...ctx, signal }, keys?.publicKey),
  )
  const cds = cdsOf(options, media, seeds)
  const made = await ctx.step('machine', 'make the machine', ({ signal }) =>
    makeMachine(options, { box, ctx, start: media.start, cdCount: cds.length, signal }),
  )
  const facts = { ...seeds.facts, vm: made.name }
  const inserted = await placeCds(cds, made, box, ctx.signal)
  const material = { box, name: made.name, cds: inserted, floppy: seeds.floppyImage, facts, serialPath: serialPath(ctx.workDirectory) }
  const started = await ctx.step('start', 'start the machine', (step) => startMachine(options, material, { ctx, step }))
  const rootfs = await useMachine(machineUse(started, { options, ctx, seeds, keys, media, version }))
  await ctx.step('finish', 'take from the machine what only the build needed', ({ signal }) =>
    finishMachine(options, { box, facts, cds: inserted.filter(({ stays }) => !stays).map(({ slot }) => slot), signal }),
  )
  return await takeResult(options, { box, ctx, made, rootfs })
}

/** The login of a build that names none. */
function needsKeyPair({ communicator, winrm, ssh = {} }: AnyOptions): boolean {
  if (communicator === 'none' || winrm !== undefined) return false
  return ssh.key === undefined && ssh.password === undefined && (ssh.agent === undefined || ssh.agent === false)
}
