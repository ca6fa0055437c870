import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import type { Output, RootfsArchive } from '@imago/hypervisor'
import { digestFile, moveFile, writeOutputs } from '@imago/hypervisor'

import { withoutEnding } from './result-paths.ts'
import type { ApplianceResult, VirtualBoxApplianceArtifact } from './virtualbox-result.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What is exported. */
export interface Export {
  readonly box: VirtualBox
  /** The machine's name of now, and the one that it has in the appliance. */
  readonly vm: string
  readonly name: string
  readonly guestOsType: string
  /** CDs that are in the machine go with it. */
  readonly withCds: boolean
  readonly rootfs: RootfsArchive | undefined
}

/** What an archive of the file system of a guest of VirtualBox is for. */
export const platform = 'linux/amd64'

/** Writes the appliance, first to the folder for temporary files, then to its place. */
export async function exportMachine(
  result: ApplianceResult,
  { box, vm, name, guestOsType, withCds, rootfs }: Export,
  { ctx, step }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<VirtualBoxApplianceArtifact> {
  const path = resolve(ctx.directory, result.path)
  const folder = join(ctx.workDirectory, 'export')
  await mkdir(folder, { recursive: true })
  const title = basename(withoutEnding(path))
  const first = `${title}.${result.format}`
  const options = [...(withCds ? ['--iso'] : []), '--vsys', '0', '--vmname', name, ...(result.exportOptions ?? [])]
  const task = `write ${result.path}`
  await box.manage(['export', vm, '--output', join(folder, first), '--manifest', ...options], {
    signal: step.signal,
    onOutput: (_, chunk) => {
      const percent = lastPercent(Buffer.from(chunk).toString('latin1'))
      if (percent !== undefined) step.emit({ type: 'progress', task, done: percent, total: 100, unit: 'percent' })
    },
  })
  const others = (await readdir(folder)).filter((file) => file !== first).toSorted()
  const outputs = [
    moved(join(folder, first), path, step.signal),
    ...others.map((file) => moved(join(folder, file), join(dirname(path), file), step.signal)),
    ...(rootfs === undefined ? [] : [rootfs.output]),
  ]
  const files = await writeOutputs(outputs, ctx)
  const rootfsFile = files.find((file) => file.path === rootfs?.output.path)
  return {
    type: 'virtualbox-appliance',
    id: `sha256:${files[0]?.sha256 ?? ''}`,
    files,
    format: result.format,
    guestOsType,
    ...(rootfsFile !== undefined && { rootfs: rootfsFile, platform }),
  }
}

function moved(from: string, path: string, signal: AbortSignal): Output {
  return {
    path,
    write: async (temporary) => {
      const written = await digestFile(from, signal)
      const { mode } = await stat(temporary)
      await chmod(from, mode) // VirtualBox lets nobody else read it
      await moveFile(from, temporary)
      return written
    },
  }
}

/** VBoxManage counts: `0%...10%...20%`. */
function lastPercent(printed: string): number | undefined {
  const last = [...printed.matchAll(/(\d+)%/g)].at(-1)?.[1]
  return last === undefined ? undefined : Number(last)
}
