import type { Stats } from 'node:fs'
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import type { RemoteEntry } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf } from '@imago/core'

import { readDecompressed } from '../archive/decompress.ts'
import { DigestMeter } from '../archive/digest.ts'
import type { LayerFile } from '../archive/layer-file.ts'
import { writeLayerEntries } from '../archive/layer-file.ts'
import { bytePath } from '../byte-path.ts'
import { applyLayer } from './apply-layer.ts'
import type { AttributeKeeper } from './attributes.ts'
import type { Before } from './before.ts'
import { nothingBefore, rememberedBefore, untouchedBefore } from './before.ts'
import type { After } from './changes.ts'
import { changesOf, inPlaceAfter, overlayAfter } from './changes.ts'
import { copyIn } from './copy-in.ts'
import { copyOut } from './copy-out.ts'
import type { Directory } from './directory.ts'
import { openDirectory } from './directory.ts'
import { contentOf } from './file-content.ts'
import { layerEntries } from './layer-entries.ts'
import { placeMountPoint, placesInRoot, placesUnderRoot } from './mount-points.ts'
import { ownerIn } from './owner.ts'
import { lookUp } from './resolve.ts'
import type { Call, InstalledEntry, LayerRequest, MountPoint, SealedTree, Tree, TreeUpload } from './tree.ts'
import { TreeWriter } from './tree-writer.ts'

/** The directories of an overlay, see overlayfs in the kernel's documentation. */
export interface OverlayDirectories {
  /** The lower ones, the highest first. */
  readonly lower: readonly string[]
  readonly upper: string
  readonly work: string
  readonly merged: string
}

/** What a tree on this machine needs. */
export interface LocalTreeOptions {
  /** An empty directory, absolute. */
  readonly directory: string
  readonly attributes: AttributeKeeper
  /** Mounts an overlay. @default changes are found by comparison */
  readonly mountOverlay?: (overlay: OverlayDirectories) => Promise<void>
}

/** Where a tree in `directory` has its base. */
export function basePathIn(directory: string): string {
  return join(directory, 'base')
}

/** A tree in a directory of this machine. Disposing of it lets go of the directory; the files stay. */
export class LocalTree implements Tree, Disposable {
  readonly #options: LocalTreeOptions
  readonly #base: string
  readonly #baseDirectory: Directory
  #root: Directory
  #comparison: { readonly before: Before; readonly after: After } | undefined

  constructor(options: LocalTreeOptions) {
    this.#options = options
    this.#base = basePathIn(options.directory)
    mkdirSync(this.#base, { mode: 0o755 })
    this.#baseDirectory = openDirectory(Buffer.from(this.#base))
    this.#options.attributes.give(this.#baseDirectory.path(), bytePath(''), { uid: 0, gid: 0, mode: 0o755 }, 'directory')
    this.#root = this.#baseDirectory
  }

  async applyLayer(file: Parameters<Tree['applyLayer']>[0], { signal }: Call): Promise<{ readonly diffId: string }> {
    const { path, whiteouts } = file
    const { attributes } = this.#options
    const meter = new DigestMeter()
    await onDisk(`cannot unpack '${path}'`, async () => {
      const layer = Readable.from(meter.through(await readDecompressed(path, signal)), { objectMode: false })
      await applyLayer(this.#root, layer, { attributes, signal, whiteouts })
    })
    return { diffId: meter.digest() }
  }

  async install(entries: readonly InstalledEntry[], { signal }: Call): Promise<void> {
    const writer = new TreeWriter(this.#options.attributes, 'keeps directories')
    for (const entry of entries) {
      if (signal.aborted) throw abortError(signal)
      await onDisk(`cannot take '${entry.path}'`, () => this.#install(entry, writer))
    }
  }

  writeBase(request: LayerRequest, { signal }: Call): Promise<LayerFile | undefined> {
    return this.#write({ before: nothingBefore, after: inPlaceAfter(this.#base) }, request, signal)
  }

  async seal(mountPoints: readonly MountPoint[], _call: Call): Promise<SealedTree> {
    const overlay = await this.#tryOverlay(mountPoints)
    if ('mountPoints' in overlay) return overlay
    const places = await this.#place(mountPoints, placesInRoot(new TreeWriter(this.#options.attributes, 'keeps directories')))
    this.#comparison = { before: rememberedBefore(this.#base), after: inPlaceAfter(this.#base) }
    return { root: this.#base, changes: 'comparison', reason: overlay.reason, mountPoints: places }
  }

  async upload(upload: TreeUpload, { signal, onProgress = ignore }: Call): Promise<void> {
    const { source, destination, mode, owner } = upload
    const { attributes, directory: leaveOut } = this.#options
    await transferring(`cannot upload to '${destination}'`, () =>
      copyIn(this.#root, { source, destination, mode, owner: ownerIn(this.#root, owner), attributes, leaveOut, signal, onProgress }),
    )
  }

  async download(paths: Parameters<Tree['download']>[0], { signal, onProgress = ignore }: Call): Promise<void> {
    const { attributes } = this.#options
    await transferring(`cannot download '${paths.source}'`, () => copyOut(this.#root, { ...paths, attributes, signal, onProgress }))
  }

  // oxlint-disable-next-line require-await -- the contract asks for a promise
  async stat(path: string): Promise<RemoteEntry | undefined> {
    const stats = this.#statsOf(path)
    if (stats === undefined) return undefined
    return { kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other', size: stats.size }
  }

  writeChanges(request: LayerRequest, { signal }: Call): Promise<LayerFile | undefined> {
    if (this.#comparison === undefined) throw new ImagoError('INTERNAL', 'the tree is not sealed')
    return this.#write(this.#comparison, request, signal)
  }

  [Symbol.dispose](): void {
    if (this.#root !== this.#baseDirectory) this.#root[Symbol.dispose]()
    this.#baseDirectory[Symbol.dispose]()
  }

  async #install(entry: InstalledEntry, writer: TreeWriter): Promise<void> {
    using place = lookUp(this.#root, bytePath(entry.path), { makeDirectory: writer.makeParent })
    const attributes = { uid: 0, gid: 0, mode: entry.mode }
    switch (entry.kind) {
      case 'directory':
        return writer.directory(place, attributes)[Symbol.dispose]()
      case 'symlink':
        return writer.symbolicLink(place, { ...attributes, target: bytePath(entry.target ?? ''), mtime: 0 })
      case 'file':
        return await writer.file(place, { ...attributes, content: contentOfInstalled(entry), mtime: 0 })
    }
  }

  async #tryOverlay(mountPoints: readonly MountPoint[]): Promise<SealedTree | { readonly reason: string }> {
    const { directory, mountOverlay } = this.#options
    if (mountOverlay === undefined) return { reason: 'it needs a mount namespace' }
    const newDirectory = (name: string): string => {
      const path = join(directory, name)
      mkdirSync(path, { mode: 0o755 })
      return path
    }
    const [spare, upper, work, merged] = [newDirectory('spare'), newDirectory('upper'), newDirectory('work'), newDirectory('merged')]
    const places = await this.#place(mountPoints, placesUnderRoot(spare))
    const { uid, gid, mode } = statSync(this.#base) // the root's own attributes are those of the topmost directory
    chownSync(upper, uid, gid)
    chmodSync(upper, mode & 0o7777)
    try {
      await mountOverlay({ lower: [this.#base, spare], upper, work, merged })
    } catch (error) {
      return { reason: messageOf(error) }
    }
    this.#root = openDirectory(Buffer.from(merged))
    this.#comparison = { before: untouchedBefore(this.#base), after: overlayAfter(upper, merged) }
    return { root: merged, changes: 'overlay', mountPoints: places }
  }

  async #place(mountPoints: readonly MountPoint[], maker: Parameters<typeof placeMountPoint>[2]): Promise<string[]> {
    const places: string[] = []
    for (const mountPoint of mountPoints) places.push(await placeMountPoint(this.#root, mountPoint, maker))
    return places
  }

  async #write(
    compared: { readonly before: Before; readonly after: After },
    request: LayerRequest,
    signal: AbortSignal,
  ): Promise<LayerFile | undefined> {
    const { attributes } = this.#options
    const { epoch, complete = false } = request
    const entries = layerEntries(changesOf({ ...compared, attributes }), { attributes, epoch, complete })
    return onDisk(`cannot write '${request.path}'`, () => writeLayerEntries(entries, { ...request, signal }))
  }

  #statsOf(path: string): Stats | undefined {
    try {
      using place = lookUp(this.#root, bytePath(path), { follow: true })
      return place?.stats
    } catch (error) {
      if (isImagoError(error, 'TRANSFER_FAILED')) return undefined // a parent is a file, or a loop of links: nothing is there
      throw error
    }
  }
}

function ignore(): void {}

function contentOfInstalled({ path, content }: InstalledEntry): Uint8Array | AsyncIterable<Uint8Array> {
  if (content !== undefined) return Buffer.from(content)
  const file = Buffer.from(path)
  return contentOf(file, statSync(file).size)
}

/** Runs something with files of our own. */
async function onDisk<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw fileSystemError(error, what)
  }
}

/** Runs a transfer; what the system throws, other than a full disk, is the transfer's failure. */
async function transferring(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (isImagoError(error)) throw error
    const wrapped = fileSystemError(error, what)
    if (isImagoError(wrapped, 'DISK_FULL')) throw wrapped
    throw new ImagoError('TRANSFER_FAILED', `${what}: ${messageOf(error)}`, { cause: error })
  }
}
