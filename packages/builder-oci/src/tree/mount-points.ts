import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { ImagoError } from '@imago/core'

import type { BytePath } from '../byte-path.ts'
import { bytePath, toText } from '../byte-path.ts'
import { pathIn } from './before.ts'
import type { Directory } from './directory.ts'
import { openDirectory } from './directory.ts'
import type { Slot } from './resolve.ts'
import { lookUp } from './resolve.ts'
import type { MountPoint } from './tree.ts'
import type { TreeWriter } from './tree-writer.ts'

/** Makes what a mount point needs. */
interface PlaceMaker {
  /** Makes a missing parent, and opens it. */
  readonly parent: (slot: Slot) => Directory
  /** Makes the mount point itself. */
  readonly place: (slot: Slot, kind: MountPoint['kind']) => Promise<void>
}

/** Makes mount points in the root itself. */
export function placesInRoot(writer: TreeWriter): PlaceMaker {
  return {
    parent: writer.makeParent,
    async place(slot, kind) {
      if (kind === 'directory') writer.makeParent(slot)[Symbol.dispose]()
      else await writer.file(slot, { uid: 0, gid: 0, mode: 0o644, mtime: 0, content: new Uint8Array() })
    },
  }
}

/** Makes mount points in a directory that will be laid under the root, and nothing in the root. */
export function placesUnderRoot(spare: string): PlaceMaker {
  const makeDirectory = (at: BytePath): Buffer => {
    const path = pathIn(spare, at)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    return path
  }
  return {
    parent: ({ at }) => openDirectory(makeDirectory(at)),
    async place({ at }, kind) {
      if (kind === 'directory') {
        makeDirectory(at)
      } else {
        makeDirectory(dirname(at) as BytePath) // a piece of bytes
        writeFileSync(pathIn(spare, at), '', { mode: 0o644 })
      }
    },
  }
}

/**
 * Where a mount point is in a root, made where it is missing.
 * @throws ImagoError `UNSUPPORTED` when something else is in its place
 */
export async function placeMountPoint(root: Directory, mountPoint: MountPoint, maker: PlaceMaker): Promise<string> {
  using place = lookUp(root, bytePath(mountPoint.path), { follow: true, makeDirectory: maker.parent })
  if (place.stats === undefined) await maker.place(place, mountPoint.kind)
  else if (mountPoint.kind === 'directory' ? !place.stats.isDirectory() : !place.stats.isFile()) {
    throw new ImagoError('UNSUPPORTED', `'${mountPoint.path}' of the base is no ${mountPoint.kind}: commands cannot run in such a root`)
  }
  return toText(place.at)
}
