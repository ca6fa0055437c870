import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { ImagoError } from '@imago/core'
import { byteSize } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'
import type { DiskImage, QemuImg } from './qemu-img.ts'

/** A disk that the machine writes to: a layer that holds only what was changed. */
export interface WorkingDisk extends DiskImage {
  /** What QEMU calls it. */
  readonly node: string
  /** What it starts with, which is not changed. @default it began empty */
  readonly base?: DiskImage
}

/** What the disks are made of. */
export interface DiskPlan {
  readonly options: Pick<QemuOptions, 'diskSize' | 'extraDisks' | 'imgArgs'>
  /** The image that the first disk starts as. */
  readonly base: string | undefined
  /** A folder for temporary files; it is made. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** A disk's layers, the lowest first. */
export type Pile = readonly [bottom: WorkingDisk, ...more: WorkingDisk[]]

/** A machine's disks: each a pile of qcow2 layers, of which the machine writes to the topmost. */
export class MachineDisks {
  readonly #img: QemuImg
  readonly #folder: string
  #piles: readonly Pile[]
  #lastLayer: number

  constructor(img: QemuImg, folder: string, piles: readonly Pile[]) {
    this.#img = img
    this.#folder = folder
    this.#piles = piles
    this.#lastLayer = Math.max(...piles.map((pile) => pile.length)) - 1
  }

  /** What the machine writes to. */
  get tops(): readonly WorkingDisk[] {
    return this.#piles.map((pile) => pile.at(-1) ?? pile[0])
  }

  /** As they are now: layers that are added later are in no pile that was asked for before. */
  get piles(): readonly Pile[] {
    return this.#piles
  }

  /**
   * Makes a layer for each disk, on top of what the machine writes to now.
   * @returns the layers, which the machine does not know of yet
   */
  async makeLayers(signal: AbortSignal): Promise<readonly WorkingDisk[]> {
    const number = ++this.#lastLayer
    return await Promise.all(
      this.tops.map(async ({ path: below }, index) => {
        const base = { path: below, format: 'qcow2' }
        const layer = { node: `${nodeOf(index)}-${number}`, path: layerPath(this.#folder, index, number), format: 'qcow2', base }
        const { virtualSize } = await this.#img.info(below, signal)
        // by its name alone: layers that lie side by side elsewhere find each other too
        await this.#img.create({ path: layer.path, base: { ...base, path: basename(below) }, size: virtualSize, isOpen: true, signal })
        return layer
      }),
    )
  }

  /** Says that the machine writes to these layers from now on. */
  use(layers: readonly WorkingDisk[]): void {
    this.#piles = this.#piles.map((pile, index) => {
      const layer = layers[index]
      return layer === undefined ? pile : [...pile, layer]
    })
  }
}

/**
 * Makes the machine's disks. Each is a qcow2 layer of its own, on top of the image to start from: that takes milliseconds, whatever the
 * size, and what the layer holds can be frozen and built upon in the same way.
 * @throws ImagoError `DEFINITION_INVALID` when the image to start from does not fit into `diskSize`, and as `QemuImg` does
 */
export async function makeDisks(img: QemuImg, { options, base, folder, signal }: DiskPlan): Promise<MachineDisks> {
  await mkdir(folder, { recursive: true })
  const first = await firstLayer(img, { options, base, folder, signal })
  const extra = await Promise.all(
    (options.extraDisks ?? []).map(async ({ size }, index): Promise<Pile> => {
      const path = layerPath(folder, index + 1, 0)
      await img.create({ path, size: byteSize(size), args: options.imgArgs?.create, signal })
      return [{ node: nodeOf(index + 1), path, format: 'qcow2' }]
    }),
  )
  return new MachineDisks(img, folder, [[first], ...extra])
}

async function firstLayer(img: QemuImg, { options, base, folder, signal }: DiskPlan): Promise<WorkingDisk> {
  const path = layerPath(folder, 0, 0)
  const { create: args, resize = [] } = options.imgArgs ?? {}
  const size = options.diskSize === undefined ? undefined : byteSize(options.diskSize)
  if (base === undefined) {
    await img.create({ path, ...(size !== undefined && { size }), args, signal })
    return { node: nodeOf(0), path, format: 'qcow2' }
  }
  const { format, virtualSize } = await img.info(base, signal)
  if (size !== undefined && size < virtualSize && !resize.includes('--shrink')) {
    throw new ImagoError('DEFINITION_INVALID', `diskSize is ${size} bytes, and the disk image to start from has ${virtualSize}`, {
      hint: 'a disk can grow, but not shrink: give more, or leave diskSize out',
    })
  }
  const layer = { node: nodeOf(0), path, format: 'qcow2', base: { path: base, format } }
  const isResized = size !== undefined && resize.length > 0
  await img.create({ path, base: layer.base, ...(size !== undefined && !isResized && { size }), args, signal })
  if (isResized) await img.resize(path, size, resize, signal)
  return layer
}

/** What QEMU calls the layer that a machine starts with. */
function nodeOf(disk: number): string {
  return `disk${disk}`
}

function layerPath(folder: string, disk: number, layer: number): string {
  return join(folder, layer === 0 ? `disk${disk}.qcow2` : `disk${disk}.${layer}.qcow2`)
}

/** Makes disks of layers that lie in the folder, as {@link MachineDisks} has named them, with another one on top of each. */
export async function restoreDisks(
  img: QemuImg,
  { folder, layers, signal }: Pick<DiskPlan, 'folder' | 'signal'> & { readonly layers: readonly (readonly string[])[] },
): Promise<MachineDisks> {
  const below = layers.map((names, index): Pile => {
    const [bottom = '', ...more] = names.map((name) => join(folder, name))
    const pile = more.map((path, at) => ({
      node: nodeOf(index),
      path,
      format: 'qcow2',
      base: { path: [bottom, ...more][at] ?? '', format: 'qcow2' },
    }))
    return [{ node: nodeOf(index), path: bottom, format: 'qcow2' }, ...pile]
  })
  const disks = new MachineDisks(img, folder, below)
  const tops = await disks.makeLayers(signal)
  disks.use(tops.map((top, index) => ({ ...top, node: nodeOf(index) })))
  return disks
}
