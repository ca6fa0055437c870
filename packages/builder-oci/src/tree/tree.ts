import type { RemoteEntry, Source, TransferProgress } from '@imago/core'

import type { LayerCompression, LayerFile } from '../archive/layer-file.ts'

/** What every call to a tree may be given. */
export interface Call {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: TransferProgress) => void
}

/** A file, directory or link of this machine that becomes part of the base, under its own path. */
export interface InstalledEntry {
  /** Absolute path, in the root as well. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink'
  /** Permission bits. */
  readonly mode: number
  /** Where a link points. */
  readonly target?: string
  /** Content of a file that this machine does not have. @default the file at `path` */
  readonly content?: string
}

/** Something that will be mounted over the root: it needs a place there, which is not part of the image. */
export interface MountPoint {
  /** Path in the root. */
  readonly path: string
  readonly kind: 'file' | 'directory'
}

/** Where a layer goes, and what it may hold. */
export interface LayerRequest {
  readonly path: string
  readonly compression: LayerCompression
  /** No file is younger, in seconds since 1970. */
  readonly epoch: number
  /**
   * Everything that there is must be in it: pipes, sockets and devices, which cannot be unpacked by everybody, are an error, and a layer is
   * written also when it is empty. @default false
   */
  readonly complete?: boolean
}

/**
 * The files of an image in the making: first a base comes in, then it is sealed and changed, and then the changes become a layer. All
 * parameters and results are plain data: a tree may be in another process, which is another user's there.
 */
export interface Tree {
  /** Applies a layer, or a file system's archive (without whiteouts), to the base; however it is compressed. */
  applyLayer(file: { readonly path: string; readonly whiteouts: boolean }, call: Call): Promise<{ readonly diffId: string }>
  /** Copies files of this machine into the base. */
  install(entries: readonly InstalledEntry[], call: Call): Promise<void>
  /** Writes the base as one layer, or nothing when it is empty. */
  writeBase(request: LayerRequest, call: Call): Promise<LayerFile | undefined>
  /** The base is complete: what changes from now on is the image's own. Answers where the mount points really are. */
  seal(mountPoints: readonly MountPoint[], call: Call): Promise<SealedTree>
  upload(upload: TreeUpload, call: Call): Promise<void>
  /** `destination` is absolute. */
  download(paths: { readonly source: string; readonly destination: string }, call: Call): Promise<void>
  stat(path: string, call: Call): Promise<RemoteEntry | undefined>
  /** Writes what has changed since {@link seal} as one layer, or nothing when nothing has. No process may run in the root. */
  writeChanges(request: LayerRequest, call: Call): Promise<LayerFile | undefined>
}

/** A tree whose base is complete. */
export interface SealedTree {
  /** Absolute path of the root. */
  readonly root: string
  /** How changes are found out. */
  readonly changes: 'overlay' | 'comparison'
  /** Why it is no overlay. */
  readonly reason?: string
  /** The paths of the mount points in the root, without links, in the order in which they were asked for. */
  readonly mountPoints: readonly string[]
}

/** A transfer into a tree. */
export interface TreeUpload {
  /** Paths are absolute. */
  readonly source: Source
  readonly destination: string
  readonly mode?: number
  /** `uid:gid`, in numbers or in names of the root's own `/etc/passwd` and `/etc/group`. @default root */
  readonly owner?: string
}
