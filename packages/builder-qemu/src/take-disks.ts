import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import type { Output, RootfsArchive } from '@imago/hypervisor'
import { digestFile, moveFile, writeError, writeOutputs } from '@imago/hypervisor'

import type { WorkingDisk } from './machine-disks.ts'
import type { QemuImg } from './qemu-img.ts'
import type { DiskResult, QemuDiskArtifact } from './qemu-result.ts'
import { diskPath, platformOf } from './result-paths.ts'

/** What a machine leaves when it has been shut down. */
export interface MachineRemains {
  readonly disks: readonly WorkingDisk[]
  /** The variables of its UEFI firmware. */
  readonly nvram: string | undefined
  /** The archive of its file system, when one was made. */
  readonly rootfs: RootfsArchive | undefined
  readonly arch: QemuDiskArtifact['arch']
  /** More arguments of `qemu-img convert`, which then writes every disk. @default none */
  readonly convertArgs?: readonly string[] | undefined
}

/** Makes the result of the machine's disks, and of what else is asked for. */
export async function takeDisks(
  img: QemuImg,
  result: DiskResult,
  { disks, nvram, rootfs, arch, convertArgs }: MachineRemains,
  { ctx, step }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<QemuDiskArtifact> {
  const at = (path: string): string => resolve(ctx.directory, path)
  const diskOutputs = disks.map((disk, index): Output => {
    const path = at(diskPath(result.path, index))
    return { path, write: (temporary) => writeDisk(img, { disk, temporary, result, convertArgs }, step) }
  })
  const nvramOutput = result.nvram === undefined || nvram === undefined ? undefined : copyOutput(nvram, at(result.nvram), step.signal)
  const outputs = [...diskOutputs, rootfs?.output, nvramOutput].filter((output) => output !== undefined)
  const files = await writeOutputs(outputs, ctx)
  const [first] = files
  const fileOf = (output: Output | undefined) => files.find(({ path }) => path === output?.path)
  const [rootfsFile, nvramFile] = [fileOf(rootfs?.output), fileOf(nvramOutput)]
  const { virtualSize } = await img.info(first?.path ?? '', step.signal)
  return {
    type: 'qemu-disk',
    id: `sha256:${first?.sha256 ?? ''}`,
    files,
    format: result.format,
    virtualSize,
    arch,
    ...(rootfsFile !== undefined && { rootfs: rootfsFile, platform: platformOf(arch) }),
    ...(nvramFile !== undefined && { nvram: nvramFile }),
  }
}

interface DiskJob {
  readonly disk: WorkingDisk
  readonly temporary: string
  readonly result: DiskResult
  readonly convertArgs: MachineRemains['convertArgs']
}

async function writeDisk(
  img: QemuImg,
  { disk, temporary, result, convertArgs }: DiskJob,
  { signal, emit }: StepContext,
): ReturnType<Output['write']> {
  const compress = compressionOf(result)
  // a layer that stands on its own already is what is wanted
  if (result.format === 'qcow2' && compress === undefined && disk.base === undefined && convertArgs === undefined) {
    await moveFile(disk.path, temporary)
    return await digestFile(temporary, signal)
  }
  const task = `write ${result.path}`
  await img.convert({
    from: disk,
    to: temporary,
    format: result.format,
    compress,
    full: result.format === 'raw' && result.sparse === false,
    args: convertArgs,
    signal,
    onPercent: (percent) => emit({ type: 'progress', task, done: percent, total: 100, unit: 'percent' }),
  })
  return await digestFile(temporary, signal)
}

function compressionOf(result: DiskResult): 'zlib' | 'zstd' | undefined {
  if (result.format === 'qcow2') return result.compress === true ? 'zlib' : result.compress === false ? undefined : result.compress
  return result.format === 'vmdk' && result.compress === true ? 'zlib' : undefined
}

function copyOutput(from: string, path: string, signal: AbortSignal): Output {
  return {
    path,
    write: async (temporary) => {
      await copyFile(from, temporary).catch((error: unknown) => {
        throw writeError(error, path)
      })
      return await digestFile(temporary, signal)
    },
  }
}
