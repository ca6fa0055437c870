import { dirname } from 'node:path'

import type { ResourceKind } from '@imago/core'
import { ImagoError } from '@imago/core'

import { isOff, machineInfo } from './machine-info.ts'
import { machineName, pullPlug } from './machine-resource.ts'
import type { MadeMachine, MakeContext } from './make-machine.ts'
import { defaultProgram, vboxManage } from './vbox-manage.ts'
import type { VirtualBoxVmOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What the journal keeps of a machine that a build works in and that is the user's. */
interface BorrowedData {
  readonly program: string
  /** The machine's UUID. */
  readonly vm: string
  readonly [member: string]: string
}

/** A machine of the user's while a build works in it: a snapshot of what it was. Releasing puts the machine back to that. */
export const borrowedMachine: ResourceKind<BorrowedData> = {
  kind: 'virtualbox-borrowed-machine',
  package: '@imago/builder-virtualbox',
  async destroy({ name: snapshot, data: { program, vm } }, signal) {
    const box = vboxManage(program)
    if (!(await hasSnapshot(box, vm, snapshot, signal))) return
    await pullPlug(box, vm, signal)
    await box.manage(['snapshot', vm, 'restore', snapshot], { signal })
    await box.manage(['snapshot', vm, 'delete', snapshot], { signal })
  },
}

/** Takes a machine of the user's to work in. */
export async function borrowMachine(options: VirtualBoxVmOptions, { box, ctx, signal }: MakeContext): Promise<MadeMachine> {
  const { vm, snapshot, program = defaultProgram } = options
  const info = await machineInfo(box, vm, signal)
  if (info === undefined) throw noSuchMachine(vm)
  if (!isOff(info.get('VMState'))) {
    throw new ImagoError('DEFINITION_INVALID', `the machine '${vm}' is not off: ${info.get('VMState') ?? 'unknown'}`, {
      hint: 'shut it down, or build in a clone',
    })
  }
  const uuid = info.get('UUID') ?? vm
  const before = machineName(ctx)
  const resource = await ctx.resources.acquire({
    kind: borrowedMachine,
    name: before,
    data: { program, vm: uuid },
    create: async (within) => {
      const limit = AbortSignal.any([signal, within])
      await box.manage(['snapshot', uuid, 'take', before], { signal: limit })
      if (snapshot !== undefined) await box.manage(['snapshot', uuid, 'restore', snapshot], { signal: limit })
    },
  })
  return { name: info.get('name') ?? vm, folder: dirname(info.get('CfgFile') ?? ''), cds: [], resource }
}

/** The machine stays as the build has left it, with the snapshot that is asked for. */
export async function returnMachine(
  options: VirtualBoxVmOptions,
  made: MadeMachine,
  { box, ctx }: Pick<MakeContext, 'box' | 'ctx'>,
): Promise<void> {
  const { targetSnapshot, force = false } = options
  const { signal } = ctx
  if (targetSnapshot !== undefined) {
    const isTaken = await hasSnapshot(box, made.name, targetSnapshot, signal)
    if (isTaken && force) await box.manage(['snapshot', made.name, 'delete', targetSnapshot], { signal })
    await box.manage(['snapshot', made.name, 'take', targetSnapshot], { signal })
  }
  await box.manage(['snapshot', made.name, 'delete', machineName(ctx)], { signal })
  await made.resource.disown()
}

/**
 * Makes sure that the snapshot to be taken does not exist yet.
 * @throws ImagoError `DEFINITION_INVALID`
 */
export async function checkSnapshot(
  { vm, targetSnapshot, force = false }: VirtualBoxVmOptions,
  box: VirtualBox,
  signal: AbortSignal,
): Promise<void> {
  if (targetSnapshot === undefined || force || !(await hasSnapshot(box, vm, targetSnapshot, signal))) return
  throw new ImagoError('DEFINITION_INVALID', `the machine '${vm}' has a snapshot '${targetSnapshot}' already`, {
    hint: "choose another 'targetSnapshot', or replace that one with 'force: true'",
  })
}

async function hasSnapshot(box: VirtualBox, vm: string, snapshot: string, signal: AbortSignal): Promise<boolean> {
  const info = await machineInfo(box, vm, signal)
  return [...(info ?? [])].some(([key, value]) => key.startsWith('SnapshotName') && value === snapshot)
}

/** The error of a machine that VirtualBox does not have. */
export function noSuchMachine(vm: string): ImagoError {
  return new ImagoError('IMAGE_NOT_FOUND', `VirtualBox has no machine '${vm}'`, { hint: "see 'VBoxManage list vms'" })
}
