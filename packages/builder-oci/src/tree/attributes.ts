import type { BigIntStats, Stats } from 'node:fs'
import { chmodSync, chownSync, lchownSync } from 'node:fs'

import { systemCode } from '@imago/core'

import type { BytePath } from '../byte-path.ts'

/** Who may do what with a file of the image. */
export interface Attributes {
  readonly uid: number
  readonly gid: number
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
}

/** What tells owner and mode. */
type AnyStats = Pick<Stats | BigIntStats, 'uid' | 'gid' | 'mode'>

/** Gives files their owners and modes, and knows them again. */
export interface AttributeKeeper {
  /**
   * Gives what is called `at` in the root its attributes; of a link, only the owner. `path` leads to exactly that: files and directories
   * are named by an open descriptor where other processes may move things.
   */
  give(path: Buffer, at: BytePath, attributes: Attributes, kind: 'file' | 'directory' | 'symlink'): void
  /** What it has in the image. */
  of(at: BytePath, stats: AnyStats): Attributes
}

/**
 * Keeps attributes on the disk as far as the system lets it. An owner that cannot be given, because the user namespace has no such id,
 * is kept in memory, by path.
 */
export class DiskAttributes implements AttributeKeeper {
  readonly #owners = new Map<BytePath, Pick<Attributes, 'uid' | 'gid'>>()

  give(path: Buffer, at: BytePath, attributes: Attributes, kind: 'file' | 'directory' | 'symlink'): void {
    const { uid, gid, mode } = attributes
    this.#owners.delete(at)
    try {
      if (kind === 'symlink') lchownSync(path, uid, gid)
      else chownSync(path, uid, gid)
    } catch (error) {
      if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'EPERM') throw error
      this.#owners.set(at, { uid, gid })
    }
    if (kind !== 'symlink') chmodSync(path, mode) // after chown, which takes set-user-id bits away
  }

  of(at: BytePath, stats: AnyStats): Attributes {
    const { uid, gid } = this.#owners.get(at) ?? stats
    return { uid: Number(uid), gid: Number(gid), mode: Number(stats.mode) & 0o7777 }
  }
}

/**
 * Keeps attributes in memory, by path: for a directory of a user who is not root. What is not known belongs to root. On the disk,
 * everything stays open for its owner, and nothing has set-user-id bits.
 */
export class MemoryAttributes implements AttributeKeeper {
  readonly #known = new Map<BytePath, Attributes>()

  give(path: Buffer, at: BytePath, attributes: Attributes, kind: 'file' | 'directory' | 'symlink'): void {
    this.#known.set(at, attributes)
    if (kind !== 'symlink') chmodSync(path, (attributes.mode & 0o777) | (kind === 'directory' ? 0o700 : 0o600))
  }

  of(at: BytePath, stats: AnyStats): Attributes {
    return this.#known.get(at) ?? { uid: 0, gid: 0, mode: Number(stats.mode) & 0o777 }
  }
}
