import { dirname, join } from 'node:path'

import type { BuildContext, Resource } from '@imago/core'
import { ImagoError } from '@imago/core'
import { byteSize } from '@imago/hypervisor'

import { borrowMachine } from './borrow-machine.ts'
import { cloneMachine } from './clone-machine.ts'
import { efiCommands, hardwareCommand } from './hardware.ts'
import { machineInfo } from './machine-info.ts'
import { labelCommand, machineName, virtualBoxMachine } from './machine-resource.ts'
import type { Slot } from './storage.ts'
import { attach, planStorage } from './storage.ts'
import { defaultProgram } from './vbox-manage.ts'
import type { AnyOptions, VirtualBoxIsoOptions, VirtualBoxOvfOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** A machine that is registered with VirtualBox, and off. */
export interface MadeMachine {
  readonly name: string
  /** Its own folder. */
  readonly folder: string
  /** The places for CDs that it was made with. */
  readonly cds: readonly Slot[]
  /** What the build holds; gone with the build, unless it is disowned. */
  readonly resource: Resource<unknown>
}

/** What a machine is made with. */
export interface MakeContext {
  readonly box: VirtualBox
  readonly ctx: BuildContext
  /** The ISO image or the appliance. */
  readonly start: string | undefined
  /** How many CDs it is to have. */
  readonly cdCount: number
  readonly signal: AbortSignal
}

/** Makes the machine: a new one, that of an appliance, or a clone; or takes the user's own. It is one of the build's resources, with its disks. */
export async function makeMachine(options: AnyOptions, make: MakeContext): Promise<MadeMachine> {
  if (options.kind === 'vm' && options.clone === 'in-place') return await borrowMachine(options, make)
  const { box, ctx, signal } = make
  const name = machineName(ctx)
  const base = await baseFolder(options, make)
  const folder = join(base, name)
  const resource = await ctx.resources.acquire({
    kind: virtualBoxMachine,
    name,
    data: { program: options.program ?? defaultProgram, folder },
    create: async (within) => {
      const limit = AbortSignal.any([signal, within])
      const register = { box, name, base, signal: limit }
      if (options.kind === 'iso') await createMachine(options, register)
      else if (options.kind === 'ovf') await importMachine(options, make.start ?? '', register)
      else await cloneMachine(options, register)
      await box.manage(labelCommand(name, ctx.labels), { signal: limit })
    },
  })
  const cds = options.kind === 'iso' ? await furnish(options, { ...make, name, folder }) : []
  return { name, folder, cds, resource }
}

/** The folder that machines' folders are in: one that stays goes where VirtualBox has its machines. */
async function baseFolder({ keepRegistered = false, result }: AnyOptions, { box, ctx, signal }: MakeContext): Promise<string> {
  if (!keepRegistered && result.format !== 'registered') return ctx.workDirectory
  const properties = await box.manage(['list', 'systemproperties'], { signal })
  const folder = /^Default machine folder:[ \t]*(\S.*?)\r?$/m.exec(properties)?.[1]
  if (folder === undefined) throw new ImagoError('PROVIDER_FAILED', 'VirtualBox does not tell where its machines are')
  return folder
}

interface Register {
  readonly box: VirtualBox
  readonly name: string
  readonly base: string
  readonly signal: AbortSignal
}

async function createMachine({ guestOsType = 'Linux_64' }: VirtualBoxIsoOptions, { box, name, base, signal }: Register): Promise<void> {
  await box.manage(['createvm', '--name', name, '--ostype', guestOsType, '--basefolder', base, '--register'], { signal })
}

async function importMachine(
  { importOptions = [] }: VirtualBoxOvfOptions,
  path: string,
  { box, name, base, signal }: Register,
): Promise<void> {
  const command = ['import', path, '--vsys', '0', '--vmname', name, '--basefolder', base, '--eula', 'accept', ...importOptions]
  await box.manage(command, { signal })
}

interface Furnishing extends MakeContext {
  readonly name: string
  readonly folder: string
}

/** Gives a new machine its hardware and its disks. @returns the places for its CDs */
async function furnish(options: VirtualBoxIsoOptions, { box, name, folder, cdCount, signal }: Furnishing): Promise<readonly Slot[]> {
  const { diskSize, extraDisks = [], solidState = false, discard = false } = options
  const sizes = [diskSize, ...extraDisks.map(({ size }) => size)]
  const plan = planStorage(name, options, { disks: sizes.length, cds: cdCount })
  await box.manage(hardwareCommand(name, options), { signal })
  for (const command of [...efiCommands(name, options), ...plan.commands]) await box.manage(command, { signal })
  for (const [index, slot] of plan.disks.entries()) {
    const path = join(folder, `disk${index}.vdi`)
    const bytes = byteSize(sizes[index] ?? diskSize)
    await box.manage(['createmedium', 'disk', '--filename', path, '--sizebyte', String(Math.ceil(bytes / 512) * 512), '--format', 'VDI'], {
      signal,
    })
    const features = [...(solidState ? ['--nonrotational', 'on'] : []), ...(discard ? ['--discard', 'on'] : [])]
    await box.manage([...attach(name, slot, 'hdd', path), ...features], { signal })
  }
  return plan.cds
}

/** Where VirtualBox writes about a machine. */
export async function logPath(box: VirtualBox, name: string, signal: AbortSignal): Promise<string> {
  const info = await machineInfo(box, name, signal)
  return join(info?.get('LogFldr') ?? join(dirname(info?.get('CfgFile') ?? ''), 'Logs'), 'VBox.log')
}
