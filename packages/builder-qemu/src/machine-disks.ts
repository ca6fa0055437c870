import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'
import { byteSize } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'
import type { DiskImage, QemuImg } from './qemu-img.ts'

/** A disk that the machine writes to: a layer that holds only what was changed. */
export interface WorkingDisk extends DiskImage {
  /** What it starts with, which is not changed. @default it began empty */
  readonly base?: DiskImage
}

/** What the disks are made of. */
export interface DiskPlan {
  readonly options: Pick<QemuOptions, 'diskSize' | 'extraDisks'>
  /** The image that the first disk starts as. */
  readonly base: string | undefined
  /** A folder for temporary files; it is made. */
  readonly folder: string
  readonly signal: AbortSignal
}

/**
 * Makes the machine's disks. Each is a qcow2 layer of its own, on top of the image to start from: that takes milliseconds, whatever the
 * size, and what the layer holds can be frozen and built upon in the same way.
 * @throws ImagoError `DEFINITION_INVALID` when the image to start from does not fit into `diskSize`, and as `QemuImg` does
 */
export async function makeDisks(img: QemuImg, { options, base, folder, signal }: DiskPlan): Promise<readonly WorkingDisk[]> {
  await mkdir(folder, { recursive: true })
  const first = await firstLayer(img, { options, base, folder, signal })
  const extra = await Promise.all(
    (options.extraDisks ?? []).map(async ({ size }, index) => {
      const path = join(folder, `disk${index + 1}.qcow2`)
      await img.create({ path, size: byteSize(size), signal })
      return { path, format: 'qcow2' }
    }),
  )
  return [first, ...extra]
}

async function firstLayer(img: QemuImg, { options, base, folder, signal }: DiskPlan): Promise<WorkingDisk> {
  const path = join(folder, 'disk0.qcow2')
  const size = options.diskSize === undefined ? undefined : byteSize(options.diskSize)
  if (base === undefined) {
    await img.create({ path, ...(size !== undefined && { size }), signal })
    return { path, format: 'qcow2' }
  }
  const { format, virtualSize } = await img.info(base, signal)
  if (size !== undefined && size < virtualSize) {
    throw new ImagoError('DEFINITION_INVALID', `diskSize is ${size} bytes, and the disk image to start from has ${virtualSize}`, {
      hint: 'a disk can grow, but not shrink: give more, or leave diskSize out',
    })
  }
  const layer = { path, format: 'qcow2', base: { path: base, format } }
  await img.create({ path, base: layer.base, ...(size !== undefined && { size }), signal })
  return layer
}
