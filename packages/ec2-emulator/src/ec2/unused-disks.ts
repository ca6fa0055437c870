import type { World } from '../state/world.ts'

/** Removes a disk that no image, snapshot or volume is made of any more. */
export function dropUnusedDisk({ regions, guests }: World, disk: string | undefined): void {
  if (disk === undefined) return
  const isUsed = [...regions.values()].some(({ images, snapshots, volumes }) =>
    [...images.all(), ...snapshots.all(), ...volumes.all()].some(({ rootDisk }) => rootDisk === disk),
  )
  // where a machine still runs from it, it stays until the emulator ends
  if (!isUsed) guests.removeDisk(disk).catch(() => undefined)
}
