import type { DiskInterface, MachineSpec } from './machine-spec.ts'
import type { DiskImage } from './qemu-img.ts'

/** An option of QEMU, with its value where it has one. */
export type Argument = readonly string[]

/** Where CDs are: at the PC's IDE controller or, where there is none, at one that firmware and installers know. */
type CdBus = 'ide' | 'sata' | 'scsi'

/** QEMU's options for disks, CDs and the floppy. The first disk is tried first, then the first CD: an empty disk lets the installer start. */
export function blockArguments(spec: MachineSpec): Argument[] {
  const { disks, cds, floppy } = spec
  const cdBus = cdBusOf(spec)
  return [
    ...controllers(spec, cdBus).map((device) => ['-device', device]),
    ...disks.flatMap((disk, index) => [
      blockdev(diskNode(`disk${index}`, disk)),
      ['-device', `${diskDevices[spec.diskInterface](index, cdBus)},drive=disk${index}${bootIndex(index, 1)}`],
    ]),
    ...cds.flatMap((path, index) => [
      blockdev(cdNode(`cd${index}`, path)),
      ['-device', `${cdDevices[cdBus](index, disks.length)},drive=cd${index}${bootIndex(index, 2)}`],
    ]),
    ...(floppy === undefined ? [] : floppyArguments(floppy)),
  ]
}

/** Number 0 is that of a kernel that is started directly. */
function bootIndex(index: number, order: number): string {
  return index === 0 ? `,bootindex=${order}` : ''
}

/** The option that gives QEMU a file to read blocks from. */
export function blockdev(node: object): Argument {
  return ['-blockdev', JSON.stringify(node)]
}

function cdBusOf({ arch, type }: MachineSpec): CdBus {
  if (arch !== 'x86_64') return 'scsi'
  return type.startsWith('q35') || type.startsWith('pc-q35') ? 'sata' : 'ide'
}

function controllers({ diskInterface, cds }: MachineSpec, cdBus: CdBus): string[] {
  const needsScsi = diskInterface === 'virtio-scsi' || (cdBus === 'scsi' && cds.length > 0)
  const needsSata = diskInterface === 'sata' && cdBus !== 'sata'
  return [...(needsScsi ? ['virtio-scsi-pci,id=scsi0'] : []), ...(needsSata ? ['ahci,id=sata0'] : [])]
}

/**
 * Nothing is flushed to the disk of this machine: should it lose power, the build is lost anyway. Blocks that the guest gives back take up
 * no room, nor do zeros.
 */
export function diskNode(name: string, { path, format }: DiskImage): object {
  return {
    driver: format,
    'node-name': name,
    cache: { direct: false, 'no-flush': true },
    discard: 'unmap',
    'detect-zeroes': 'unmap',
    file: { driver: 'file', filename: path, cache: { direct: false, 'no-flush': true }, discard: 'unmap' },
  }
}

function cdNode(name: string, path: string): object {
  return { driver: 'raw', 'node-name': name, 'read-only': true, file: { driver: 'file', filename: path, 'read-only': true } }
}

/** A disk that finds no more room stands still, so that this can be told apart from a disk that is broken. */
const stopsWhenFull = ',werror=enospc'

/** The disks' devices, by their places. */
const diskDevices: Readonly<Record<DiskInterface, (index: number, cdBus: CdBus) => string>> = {
  virtio: () => `virtio-blk-pci${stopsWhenFull}`,
  'virtio-scsi': (index) => `scsi-hd,bus=scsi0.0,scsi-id=${index}${stopsWhenFull}`,
  sata: (index, cdBus) => `ide-hd,bus=${cdBus === 'sata' ? 'ide' : 'sata0'}.${index}${stopsWhenFull}`,
  ide: (index) => `ide-hd,${idePlace(index)}${stopsWhenFull}`,
  nvme: (index) => `nvme,serial=disk${index}`,
}

/** The CDs' devices. They come after the disks, or from the other end. */
const cdDevices: Readonly<Record<CdBus, (index: number, diskCount: number) => string>> = {
  ide: (index) => `ide-cd,${idePlace([2, 3, 1, 0][index] ?? index)}`,
  sata: (index) => `ide-cd,bus=ide.${5 - index}`,
  scsi: (index, diskCount) => `scsi-cd,bus=scsi0.0,scsi-id=${diskCount + index}`,
}

/** A PC has two IDE buses with two places each. */
function idePlace(index: number): string {
  return `bus=ide.${index >> 1},unit=${index & 1}`
}

function floppyArguments(path: string): Argument[] {
  return [
    blockdev({ driver: 'raw', 'node-name': 'floppy0', file: { driver: 'file', filename: path } }),
    ['-device', 'isa-fdc,id=fdc0'],
    ['-device', 'floppy,bus=fdc0.0,drive=floppy0'],
  ]
}
