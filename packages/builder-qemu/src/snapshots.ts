import { constants } from 'node:fs'
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { SshKeyPair } from '@imago/communicator-ssh'
import type { BuildContext, Communicator, JsonObject, SaveSnapshot, SnapshotContext, Snapshots } from '@imago/core'
import { reveal, secret, systemCode } from '@imago/core'

import type { Media } from './fetch-media.ts'
import { saveMemory, switchLayers, whileStill } from './freeze-machine.ts'
import { checkNothingFleeting, fleetingState } from './guest-state.ts'
import { hasTpm } from './has-tpm.ts'
import type { MachineDisks } from './machine-disks.ts'
import type { PoweredMachine } from './power-on.ts'
import type { QemuOptions } from './qemu-options.ts'
import { startIdentity } from './start-identity.ts'

/** What a snapshot says of itself, in a file beside its disks that is written last. */
interface SnapshotRecord {
  /** The run in which the machine was started for the first time: what it was told then still holds. */
  readonly runId: string
  /** The key pair that it lets in. */
  readonly login?: { readonly privateKey: string; readonly publicKey: string; readonly fingerprint: string }
  /** The layers of each disk, by their names in the snapshot's folder. */
  readonly layers: readonly (readonly string[])[]
}

/** Where a machine starts: with what the options say or, with `restored`, as it was after a step. */
export interface MachineStart extends Pick<SnapshotRecord, 'runId'> {
  /** The key pair that lets the build in, where there is one. */
  readonly keys?: SshKeyPair
  readonly restored?: RestoredSnapshot
}

/** A snapshot whose files are in the build's folder. */
export interface RestoredSnapshot extends Pick<SnapshotRecord, 'layers'> {
  /** The variables of its UEFI firmware. */
  readonly nvram?: string
  /** Its memory: it goes on where it was. @default it boots */
  readonly memory?: string
}

/** Options of QEMU's that give the machine files of which nothing is known here. */
const unknownFiles = /^--?(?:drive|blockdev|hd[a-d]|sd|mtdblock|pflash|fsdev|virtfs)$/

/**
 * Whether a machine can be put back to where it was after a step: not one that nobody enters, that runs Windows, whose TPM remembers, that writes to files
 * of its own, or that cannot boot without keys being typed. Also of options that validation reports.
 */
function canBeRestored(options: QemuOptions): boolean {
  const { communicator, winrm, live = false, iso, boot, qemuArgs } = options
  const hasUnknownFiles = Array.isArray(qemuArgs) && qemuArgs.some((argument) => unknownFiles.test(argument))
  if (communicator === 'none' || winrm !== undefined || hasTpm(options) || hasUnknownFiles) return false
  return live || iso !== undefined || boot?.command === undefined
}

/** The snapshots of machines: folders with the layers of their disks and, of those that are `live`, their memory. */
export const qemuSnapshots: Snapshots = { has: hasSnapshot, remove: removeSnapshot }

/** How snapshots of machines with these options are made, where they can be. */
export function snapshotsOf(options: QemuOptions): Snapshots | undefined {
  return canBeRestored(options) ? { ...qemuSnapshots, ofStart: true, keepsProcesses: true } : undefined
}

/** The start, or the latest snapshot that stands for the first steps. */
export async function latestStart(options: QemuOptions, media: Media, ctx: BuildContext): Promise<MachineStart> {
  const identity = canBeRestored(options) ? await startIdentity(options, ctx, media) : undefined
  const key = identity === undefined ? undefined : await ctx.findSnapshot(identity)
  return key === undefined ? { runId: ctx.runId } : await restore(folderOf(key, ctx), ctx)
}

/** The build whose machine snapshots are made of. */
export interface SnapshotSource {
  readonly disks: MachineDisks
  readonly start: MachineStart
  readonly options: QemuOptions
  readonly ctx: BuildContext
}

/** Makes snapshots of a machine. */
export async function snapshotSaver(
  { machine: { monitor }, nvram }: PoweredMachine,
  communicator: Communicator,
  { disks, start, options, ctx }: SnapshotSource,
): Promise<SaveSnapshot> {
  const { live = false } = options
  const look = (signal: AbortSignal) => fleetingState(communicator, signal)
  let before = start.restored === undefined || live ? undefined : Promise.resolve(await look(ctx.signal))
  return async (key, signal) => {
    // the first snapshot of a machine that was started anew is that of its start
    if (!live) await checkNothingFleeting(communicator, await (before ??= look(signal)), signal)
    const folder = folderOf(key, ctx)
    const partial = `${folder}.partial`
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { recursive: true, mode: 0o700 })
    const { piles, tops } = disks
    const layers = await disks.makeLayers(signal)
    await whileStill(monitor, signal, async () => {
      await switchLayers(monitor, { tops, layers }, signal)
      disks.use(layers)
      if (live) await saveMemory(monitor, join(partial, memoryFile), signal)
      if (nvram !== undefined) await copyFile(nvram, join(partial, nvramFile))
    })
    for (const { path } of piles.flat()) await linkOrCopy(path, join(partial, basename(path)))
    await writeRecord(partial, { ...start, layers: piles.map((pile) => pile.map(({ path }) => basename(path))) })
    await rename(partial, folder)
    const own = [...tops.map(({ path }) => basename(path)), ...(live ? [memoryFile] : [])]
    return { bytes: await allocated(own.map((name) => join(folder, name))), data: await baseData(piles[0]?.[0].base?.path) }
  }
}

const recordFile = 'machine.json'
const memoryFile = 'memory'
const nvramFile = 'nvram'

function folderOf(key: string, { cacheDirectory }: Pick<SnapshotContext, 'cacheDirectory'>): string {
  return join(cacheDirectory, key)
}

/** Also whether the image is still there, and the same, that the lowest layer stands on. */
async function hasSnapshot({ key, data }: Parameters<Snapshots['has']>[0], ctx: SnapshotContext): Promise<boolean> {
  const { base } = data
  const isThere = await exists(join(folderOf(key, ctx), recordFile))
  return isThere && (typeof base !== 'string' || (await baseData(base))['state'] === data['state'])
}

async function removeSnapshot({ key }: Parameters<Snapshots['remove']>[0], ctx: SnapshotContext): Promise<void> {
  for (const folder of [folderOf(key, ctx), `${folderOf(key, ctx)}.partial`]) await rm(folder, { recursive: true, force: true })
}

/** What tells whether a base image is as it was. */
async function baseData(base: string | undefined): Promise<JsonObject> {
  if (base === undefined) return {}
  const found = await stat(base).catch(() => undefined) // it has been removed
  return { base, state: found === undefined ? 'gone' : `${found.size} ${found.mtimeMs}` }
}

async function restore(folder: string, { workDirectory }: BuildContext): Promise<MachineStart> {
  const { runId, login, layers } = JSON.parse(await readFile(join(folder, recordFile), 'utf8')) as SnapshotRecord // written by writeRecord
  await mkdir(workDirectory, { recursive: true })
  for (const name of layers.flat()) await linkOrCopy(join(folder, name), join(workDirectory, name))
  const [nvram, memory] = [join(folder, nvramFile), join(folder, memoryFile)]
  return {
    runId,
    ...(login !== undefined && { keys: { ...login, privateKey: secret(login.privateKey) } }),
    restored: { layers, ...((await exists(nvram)) && { nvram }), ...((await exists(memory)) && { memory }) },
  }
}

async function writeRecord(folder: string, { runId, keys, layers }: MachineStart & Pick<SnapshotRecord, 'layers'>): Promise<void> {
  const record: SnapshotRecord = { runId, layers, ...(keys !== undefined && { login: { ...keys, privateKey: reveal(keys.privateKey) } }) }
  await writeFile(join(folder, recordFile), JSON.stringify(record), { mode: 0o600 })
}

/** Layers are shared, not copied, where the file system can: none of them changes any more. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes(systemCode(error) ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  })
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false) // prettier-ignore
}

/** The room that files take up, in bytes. */
async function allocated(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).blocks * 512))
  return sizes.reduce((sum, size) => sum + size, 0)
}
