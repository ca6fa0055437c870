import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BuildContext, FoundResource, ResourceKind } from '@imago/core'
import { ImagoError } from '@imago/core'

import { killMachine } from './machine-processes.ts'

/** What the journal keeps of a virtual machine, beside its name. */
export interface MachineData {
  /** Where its sockets are. */
  readonly folder: string
  readonly [member: string]: string
}

/** A virtual machine that a build works in: QEMU's process, what belongs to it, and the folder of its sockets. */
export const qemuMachine: ResourceKind<MachineData> = {
  kind: 'qemu-machine',
  package: '@imago/builder-qemu',
  async destroy({ name, data: { folder } }, signal) {
    const left = await killMachine({ name, folder }, signal)
    if (left.length > 0) throw new ImagoError('RELEASE_FAILED', `process ${left.join(', ')} does not end`)
    await rm(folder, { recursive: true, force: true })
  },
}

/** Derived from the run, so that `imago sweep` finds the machine when this process was killed before it knew its process id. */
export function machineName({ runId, image, build }: Pick<BuildContext, 'runId' | 'image' | 'build'>): string {
  return `imago-${runId}-${image}-${build}`.replaceAll(/[^\w.-]/g, '_')
}

const folderPrefix = 'imago-qemu-'
const labelsFile = 'labels.json'

/** The folder of a machine's sockets; their paths may have no more than about 100 characters. */
export function machineFolder(name: string): string {
  return join(tmpdir(), `${folderPrefix}${createHash('sha256').update(name).digest('hex').slice(0, 16)}`)
}

/** Makes the folder, for its owner only, and leaves there what {@link findMachines} finds. It must not exist: in a folder for all, somebody else may have made it. */
export async function makeMachineFolder(folder: string, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  await writeFile(join(folder, labelsFile), JSON.stringify({ name, labels }))
}

/** What runs left of virtual machines, by the folders of their sockets. */
export async function findMachines(): Promise<readonly FoundResource[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(folderPrefix))
  const found = await Promise.all(names.map((name) => readLabels(join(tmpdir(), name))))
  return found.filter((each) => each !== undefined)
}

/** A folder of a machine of this user's; anything else is `undefined`. */
async function readLabels(folder: string): Promise<FoundResource | undefined> {
  const written = await readOwn(folder)
  if (written === undefined) return undefined
  const { name, labels } = written
  const { 'imago.run': runId = '', 'imago.owner': owner = '', 'imago.image': image = '', 'imago.build': build = '' } = labels
  if (runId === '' || owner === '' || machineFolder(name) !== folder) return undefined
  const { kind, package: packageName } = qemuMachine
  return { owner, record: { runId, image, build, kind, package: packageName, name, data: { folder } } }
}

interface WrittenLabels {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

async function readOwn(folder: string): Promise<WrittenLabels | undefined> {
  try {
    if ((await stat(folder)).uid !== process.getuid?.()) return undefined
    return JSON.parse(await readFile(join(folder, labelsFile), 'utf8')) as WrittenLabels // in a folder that only we write to
  } catch {
    return undefined // it is being made, or removed
  }
}
