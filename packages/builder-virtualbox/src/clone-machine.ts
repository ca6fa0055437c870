import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

import { withFileLock } from '@imago/core'

import { noSuchMachine } from './borrow-machine.ts'
import { machineInfo } from './machine-info.ts'
import type { VirtualBoxVmOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What a clone is made with. */
export interface Cloning {
  readonly box: VirtualBox
  /** The clone's name. */
  readonly name: string
  /** The folder that the clone's own is in. */
  readonly base: string
  readonly signal: AbortSignal
}

/** How long other builds may take to clone, in milliseconds: disks are copied. */
const cloningMs = 3_600_000

/**
 * Clones the user's machine. One clone is made after the other: VirtualBox changes the machine that a linked clone is of, which breaks or hangs
 * another clone of it, and two builds that find no snapshot would both take one.
 */
export async function cloneMachine(options: VirtualBoxVmOptions, cloning: Cloning): Promise<void> {
  const { vm, clone = 'linked' } = options
  const { box, signal } = cloning
  const info = await machineInfo(box, vm, signal)
  if (info === undefined) throw noSuchMachine(vm)
  const lock = join(tmpdir(), `imago-virtualbox-clones-${userInfo().uid}-${info.get('UUID')}.lock`)
  await withFileLock(lock, { signal, timeoutMs: cloningMs }, async () => {
    const snapshot = options.snapshot ?? (clone === 'linked' ? await currentSnapshot(vm, cloning) : undefined)
    await cloneFrom(snapshot, options, cloning)
  })
}

async function cloneFrom(snapshot: string | undefined, { vm, clone = 'linked' }: VirtualBoxVmOptions, cloning: Cloning): Promise<void> {
  const { box, name, base, signal } = cloning
  const kind = clone === 'linked' ? ['--options', 'link'] : []
  const at = snapshot === undefined ? [] : ['--snapshot', snapshot]
  await box.manage(['clonevm', vm, ...at, ...kind, '--name', name, '--basefolder', base, '--register'], { signal })
}

/** What a linked clone is built on: a snapshot of the machine's state of now. It stays, for other clones to build on. */
async function currentSnapshot(vm: string, { box, signal }: Cloning): Promise<string> {
  const name = 'imago'
  const current = (await machineInfo(box, vm, signal))?.get('CurrentSnapshotName')
  if (current !== undefined) return current
  await box.manage(['snapshot', vm, 'take', name], { signal })
  return name
}
