import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { BuildContext, FoundResource, ResourceKind } from '@imago/core'
import { ImagoError, wait } from '@imago/core'

import { isOff, machineInfo, registeredMachines } from './machine-info.ts'
import { defaultProgram, vboxManage } from './vbox-manage.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What the journal keeps of a machine, beside its name. */
export interface MachineData {
  /** VirtualBox's program. */
  readonly program: string
  /** The machine's own folder, with its disks. */
  readonly folder: string
  readonly [member: string]: string
}

/** How long a machine whose plug was pulled may take to be off, in milliseconds. */
const offMs = 20_000
const pollMs = 100

/** A virtual machine that a build works in, with its disks. */
export const virtualBoxMachine: ResourceKind<MachineData> = {
  kind: 'virtualbox-machine',
  package: '@imago/builder-virtualbox',
  async destroy({ name, data: { program, folder } }, signal) {
    await removeMachine(vboxManage(program), name, signal)
    await rm(folder, { recursive: true, force: true })
  },
}

/** Turns a machine off, whatever it is doing, and removes it with its disks. None is no error. */
export async function removeMachine(box: VirtualBox, name: string, signal: AbortSignal): Promise<void> {
  await pullPlug(box, name, signal)
  if ((await machineInfo(box, name, signal)) === undefined) return
  await box.manage(['unregistervm', name, '--delete'], { signal })
}

/** Turns a machine off and waits until it is. One that is off, or does not exist, is no error. */
export async function pullPlug(box: VirtualBox, name: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + offMs
  let failure: unknown
  for (;;) {
    const state = (await machineInfo(box, name, signal))?.get('VMState')
    if (state === undefined || isOff(state)) return
    if (performance.now() > until)
      throw new ImagoError('RELEASE_FAILED', `the machine ${name} does not go off: ${state}`, { cause: failure })
    await box.manage(['controlvm', name, 'poweroff'], { signal }).catch((error: unknown) => {
      failure = error // it has gone off meanwhile, or is about to: the next look tells
    })
    await wait(pollMs, signal)
  }
}

const prefix = 'imago-'

/** Derived from the run, so that `imago sweep` finds the machine when this process was killed. */
export function machineName({ runId, image, build }: Pick<BuildContext, 'runId' | 'image' | 'build'>): string {
  return `${prefix}${runId}-${image}-${build}`.replaceAll(/[^\w.-]/g, '_')
}

/** Where a machine has the labels of its run: among its extra data. */
export const labelsKey = 'imago/labels'

/** What runs left of machines, by their labels. */
export async function findMachines(signal: AbortSignal): Promise<readonly FoundResource[]> {
  const box = vboxManage()
  const machines = await registeredMachines(box, signal).catch(() => []) // VirtualBox is not there
  const found: FoundResource[] = []
  for (const { name } of machines) {
    if (!name.startsWith(prefix)) continue
    const each = await readLabels(box, name, signal)
    if (each !== undefined) found.push(each)
  }
  return found
}

async function readLabels(box: VirtualBox, name: string, signal: AbortSignal): Promise<FoundResource | undefined> {
  const printed = await box.manage(['getextradata', name, labelsKey], { signal })
  const labels = parseLabels(/^Value: (.*)$/m.exec(printed)?.[1])
  const { 'imago.run': runId = '', 'imago.owner': owner = '', 'imago.image': image = '', 'imago.build': build = '' } = labels
  const settings = (await machineInfo(box, name, signal))?.get('CfgFile')
  if (runId === '' || owner === '' || settings === undefined || machineName({ runId, image, build }) !== name) return undefined
  const { kind, package: packageName } = virtualBoxMachine
  const data = { program: defaultProgram, folder: dirname(settings) }
  return { owner, record: { runId, image, build, kind, package: packageName, name, data } }
}

function parseLabels(text: string | undefined): Readonly<Record<string, string>> {
  try {
    return JSON.parse(text ?? '{}') as Readonly<Record<string, string>> // written by `labelCommand`; what else is there is no label
  } catch {
    return {}
  }
}

/** The command that gives a machine the labels of its run, or takes them away. */
export function labelCommand(vm: string, labels: Readonly<Record<string, string>> | undefined): readonly string[] {
  return ['setextradata', vm, labelsKey, ...(labels === undefined ? [] : [JSON.stringify(labels)])]
}
