import { ImagoError } from '@imago/core'

import { fatName } from './fat-name.ts'

/** A directory of a disk: files and directories by their names. */
export type FatDirectory = ReadonlyMap<string, Uint8Array | FatDirectory>

/*
 * A disk of 1.44 MB: 80 tracks of 2 sides with 18 sectors each; one for booting, two tables of 9, a root directory of 14, and clusters of
 * one sector each, counted from 2. After Microsoft's "FAT: General Overview of On-Disk Format", 1.03.
 */
const sectorSize = 512
const sectorCount = 2880
const tableSectors = 9
const tableOffsets: readonly number[] = [1 * sectorSize, 10 * sectorSize]
const rootOffset = 19 * sectorSize
const rootEntries = 224
const dataOffset = 33 * sectorSize
const clusterCount = sectorCount - 33
const entrySize = 32

/** What files and directories can take, in bytes; each is rounded up to 512. */
export const floppyCapacity: number = clusterCount * sectorSize

/**
 * A floppy disk of 1.44 MB with a FAT12 file system, not bootable: a machine that tries goes on with the next disk. The same content gives
 * the same bytes.
 * @param label up to eleven characters
 * @throws ImagoError `UNSUPPORTED` when it does not fit, or for a name that FAT cannot have
 */
export function fat12Image(root: FatDirectory, label: string): Uint8Array {
  const disk = new Disk()
  const volume = directoryEntry(label.toUpperCase().padEnd(11), { attributes: 0x08, cluster: 0, size: 0 })
  const entries = Buffer.concat([volume, ...childEntries(disk, root, 0)])
  if (entries.length > rootEntries * entrySize) {
    throw new ImagoError('UNSUPPORTED', 'too many files for the root of a floppy disk', { hint: 'put them into a directory, or on a CD' })
  }
  disk.bytes.set(bootSector(label.toUpperCase().padEnd(11)), 0)
  disk.bytes.set(entries, rootOffset)
  disk.finish()
  return disk.bytes
}

/** The sectors, and how many of them are used. */
class Disk {
  readonly bytes: Buffer = Buffer.alloc(sectorCount * sectorSize)
  readonly #table: number[] = [0xff0, 0xfff]

  /** Takes clusters, one after the other. @returns the first one; 0 when none is needed */
  reserve(size: number): number {
    const first = this.#table.length
    const count = Math.ceil(size / sectorSize)
    if (first + count > clusterCount + 2) {
      throw new ImagoError('UNSUPPORTED', 'the files do not fit on a floppy disk, which holds 1.44 MB', { hint: 'put them on a CD' })
    }
    for (let index = 1; index < count; index++) this.#table.push(first + index)
    if (count > 0) this.#table.push(0xfff)
    return count === 0 ? 0 : first
  }

  write(cluster: number, content: Uint8Array): void {
    if (cluster > 0) this.bytes.set(content, dataOffset + (cluster - 2) * sectorSize)
  }

  /** Writes the table of clusters, twelve bits each, twice. */
  finish(): void {
    const table = Buffer.alloc(tableSectors * sectorSize)
    for (const [cluster, next] of this.#table.entries()) {
      const at = (cluster * 3) >> 1
      table.writeUInt16LE(table.readUInt16LE(at) | (cluster % 2 === 0 ? next : next << 4), at)
    }
    for (const offset of tableOffsets) this.bytes.set(table, offset)
  }
}

/** Places what is in a directory on the disk. @returns the entries for it */
function childEntries(disk: Disk, directory: FatDirectory, own: number): Uint8Array[] {
  const taken = new Set<string>()
  return [...directory].flatMap(([name, child]) => {
    const { short, longEntries } = fatName(name, taken)
    taken.add(short)
    const placed = child instanceof Uint8Array ? placeFile(disk, child) : placeDirectory(disk, child, own)
    return [...longEntries, directoryEntry(short, placed)]
  })
}

interface Placed {
  readonly attributes: number
  readonly cluster: number
  readonly size: number
}

function placeFile(disk: Disk, content: Uint8Array): Placed {
  const cluster = disk.reserve(content.length)
  disk.write(cluster, content)
  return { attributes: 0x20, cluster, size: content.length }
}

function placeDirectory(disk: Disk, directory: FatDirectory, parent: number): Placed {
  const attributes = 0x10
  const cluster = disk.reserve(directorySize(directory))
  const dots = [
    directoryEntry('.'.padEnd(11), { attributes, cluster, size: 0 }),
    directoryEntry('..'.padEnd(11), { attributes, cluster: parent, size: 0 }),
  ]
  disk.write(cluster, Buffer.concat([...dots, ...childEntries(disk, directory, cluster)]))
  return { attributes, cluster, size: 0 }
}

/** In bytes, with the entries for itself and its parent. */
function directorySize(directory: FatDirectory): number {
  const taken = new Set<string>()
  const counts = [...directory.keys()].map((name) => {
    const { short, longEntries } = fatName(name, taken)
    taken.add(short)
    return longEntries.length + 1
  })
  return counts.reduce((sum, count) => sum + count, 2) * entrySize
}

/** Everything is from 1 January 1980, so that the same content gives the same bytes. */
function directoryEntry(short: string, { attributes, cluster, size }: Placed): Uint8Array {
  const entry = Buffer.alloc(entrySize)
  entry.write(short, 'latin1')
  entry[11] = attributes
  entry.writeUInt16LE(0x0021, 16) // created
  entry.writeUInt16LE(0x0021, 24) // written
  entry.writeUInt16LE(cluster, 26)
  entry.writeUInt32LE(size, 28)
  return entry
}

function bootSector(label: string): Uint8Array {
  const sector = Buffer.alloc(sectorSize)
  sector.set([0xeb, 0x3c, 0x90]) // jump to the code
  sector.write('IMAGO1.0', 3, 'latin1')
  sector.writeUInt16LE(sectorSize, 11)
  sector[13] = 1 // sectors per cluster
  sector.writeUInt16LE(1, 14) // sectors before the tables
  sector[16] = tableOffsets.length
  sector.writeUInt16LE(rootEntries, 17)
  sector.writeUInt16LE(sectorCount, 19)
  sector[21] = 0xf0 // a disk of 1.44 MB
  sector.writeUInt16LE(tableSectors, 22)
  sector.writeUInt16LE(18, 24) // sectors per track
  sector.writeUInt16LE(2, 26) // sides
  sector[38] = 0x29 // the next three are there
  sector.writeUInt32LE(0x494d_4147, 39) // serial number
  sector.write(label, 43, 'latin1')
  sector.write('FAT12   ', 54, 'latin1')
  sector.set([0xcd, 0x18, 0xeb, 0xfe], 62) // int 0x18: the BIOS goes on with the next disk; stop if it does not
  sector.set([0x55, 0xaa], 510)
  return sector
}
