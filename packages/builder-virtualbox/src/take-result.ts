import type { BuildContext } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { RootfsArchive } from '@imago/hypervisor'
import { writeOutputs } from '@imago/hypervisor'

import { returnMachine } from './borrow-machine.ts'
import { exportMachine, platform } from './export-machine.ts'
import { finalName, keepMachine, staysRegistered } from './keep-machine.ts'
import { machineInfo } from './machine-info.ts'
import type { MadeMachine } from './make-machine.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type {
  ApplianceResult,
  KeptMachine,
  VirtualBoxApplianceArtifact,
  VirtualBoxArtifact,
  VirtualBoxRootfsArtifact,
} from './virtualbox-result.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What there is when the machine has served its build. */
export interface ResultMaterial {
  readonly box: VirtualBox
  readonly ctx: BuildContext
  readonly made: MadeMachine
  readonly rootfs: RootfsArchive | undefined
}

/** Makes the result of the machine; then the machine goes, or stays. */
export async function takeResult(options: AnyOptions, material: ResultMaterial): Promise<VirtualBoxArtifact> {
  const { result } = options
  const { ctx, made, rootfs } = material
  if (result.format === 'ova' || result.format === 'ovf') return await takeAppliance(options, result, material)
  const archive = result.format === 'rootfs' ? await rootfsArtifact(rootfs, ctx) : undefined
  const machine = await settle(options, material)
  if (archive !== undefined) return archive
  if (result.format === 'none') return { type: 'discarded', id: made.name }
  if (machine === undefined) throw new ImagoError('INTERNAL', `the machine ${made.name} was not kept`)
  return { type: 'virtualbox-machine', id: machine.uuid, machine }
}

async function takeAppliance(options: AnyOptions, result: ApplianceResult, material: ResultMaterial): Promise<VirtualBoxApplianceArtifact> {
  const { box, ctx, made, rootfs } = material
  const info = await machineInfo(box, made.name, ctx.signal)
  const name = isBorrowed(options) ? made.name : finalName(options, ctx)
  const withCds = options.kind === 'iso' && options.bundleIso === true
  const exported = { box, vm: made.name, name, guestOsType: info?.get('GuestOSType') ?? info?.get('ostype') ?? 'unknown', withCds, rootfs }
  const artifact = await ctx.step('result', `write ${result.path}`, (step) => exportMachine(result, exported, { ctx, step }))
  const machine = await settle(options, material)
  return { ...artifact, ...(machine !== undefined && { machine }) }
}

function isBorrowed(options: AnyOptions): boolean {
  return options.kind === 'vm' && options.clone === 'in-place'
}

/** Lets the machine stay where it is to. What does not stay is removed with the build's resources. */
async function settle(options: AnyOptions, { box, ctx, made }: ResultMaterial): Promise<KeptMachine | undefined> {
  if (options.kind === 'vm' && options.clone === 'in-place') {
    await returnMachine(options, made, { box, ctx })
    return { name: made.name, uuid: (await machineInfo(box, made.name, ctx.signal))?.get('UUID') ?? '' }
  }
  if (!staysRegistered(options)) return undefined
  return await ctx.step('keep', `let the machine stay as '${finalName(options, ctx)}'`, () => keepMachine(options, made, { box, ctx }))
}

async function rootfsArtifact(rootfs: RootfsArchive | undefined, ctx: BuildContext): Promise<VirtualBoxRootfsArtifact> {
  const [file] = rootfs === undefined ? [] : await writeOutputs([rootfs.output], ctx)
  if (file === undefined) throw new ImagoError('INTERNAL', 'the file system of the machine was not taken')
  return { type: 'virtualbox-rootfs', id: `sha256:${file.sha256}`, files: [file], platform }
}
