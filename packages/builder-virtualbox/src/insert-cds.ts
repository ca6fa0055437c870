import type { Seeds } from '@imago/hypervisor'

import { freeSlots } from './devices.ts'
import type { Media } from './fetch-media.ts'
import { machineInfo } from './machine-info.ts'
import type { MadeMachine } from './make-machine.ts'
import type { Slot } from './storage.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** A CD that the machine is to find. */
export interface Cd {
  /** The ISO image. */
  readonly path: string
  /** It stays in the machine when the build is done. */
  readonly stays: boolean
}

/** A CD in its drive. */
export interface InsertedCd extends Cd {
  readonly slot: Slot
}

/** The CDs that the machine is to find, the one to start from first. */
export function cdsOf(options: AnyOptions, { start, guestAdditions }: Media, { cdImages }: Pick<Seeds, 'cdImages'>): readonly Cd[] {
  const isAttached = guestAdditions !== undefined && options.guestAdditions !== false && options.guestAdditions?.mode === 'attach'
  return [
    ...(options.kind === 'iso' && start !== undefined ? [{ path: start, stays: options.bundleIso === true }] : []),
    ...(isAttached ? [{ path: guestAdditions, stays: false }] : []),
    ...cdImages.map((path) => ({ path, stays: false })),
  ]
}

/** Finds the CDs' places, which a new machine was made with, and makes room in any other. */
export async function placeCds(
  cds: readonly Cd[],
  made: MadeMachine,
  box: VirtualBox,
  signal: AbortSignal,
): Promise<readonly InsertedCd[]> {
  const slots = made.cds.length > 0 || cds.length === 0 ? made.cds : await makeRoom(made.name, cds.length, box, signal)
  return cds.flatMap((cd, index) => {
    const slot = slots[index]
    return slot === undefined ? [] : [{ ...cd, slot }]
  })
}

async function makeRoom(vm: string, count: number, box: VirtualBox, signal: AbortSignal): Promise<readonly Slot[]> {
  const { commands, slots } = freeSlots(vm, (await machineInfo(box, vm, signal)) ?? new Map(), count)
  for (const command of commands) await box.manage(command, { signal })
  return slots
}
