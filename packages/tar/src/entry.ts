/** What every entry of an archive has. */
interface EntryBase {
  /** Path in the archive: relative, parts joined by `/`. Bytes where it is not UTF-8. */
  readonly name: string | Uint8Array
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Time of the last change, in whole seconds since 1970. */
  readonly mtime: number
}

/** A part of a file. */
export interface TarExtent {
  /** Bytes from the beginning of the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** A file. `content` holds exactly `size` bytes, or those of its `extents`. */
export interface TarFile extends EntryBase {
  readonly type: 'file'
  /** Bytes. */
  readonly size: number
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Of a file with holes: the parts that `content` holds, in their order. Between them, and after them up to `size`, are zeros. */
  readonly extents?: readonly TarExtent[]
}

/** A directory. Its content has entries of its own. */
export interface TarDirectory extends EntryBase {
  readonly type: 'directory'
}

/** A symbolic link to whatever `linkName` says, or a hard link to the entry of that name, which comes before it. */
export interface TarLink extends EntryBase {
  readonly type: 'symlink' | 'hardlink'
  readonly linkName: string | Uint8Array
}

/** A device node, or a named pipe (numbers 0). */
export interface TarNode extends EntryBase {
  readonly type: 'character-device' | 'block-device' | 'fifo'
  readonly major: number
  readonly minor: number
}

/** One entry of a tar archive. */
export type TarEntry = TarFile | TarDirectory | TarLink | TarNode
