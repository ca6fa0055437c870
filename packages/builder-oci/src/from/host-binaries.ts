import { setMaxListeners } from 'node:events'
import { lstat, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { ImagoError } from '@imago/core'

import { linkageOf } from '../host/linkage.ts'
import { findProgram } from '../host/programs.ts'
import type { InstalledEntry } from '../tree/tree.ts'

/** What {@link hostBinaries} takes. */
export interface HostBinariesOptions {
  /** Programs of this machine, by name (looked up in PATH) or absolute path. Scripts bring their interpreters. */
  readonly commands: readonly string[]
}

/** A base made of programs of this machine. */
export interface HostBinariesSource extends HostBinariesOptions {
  readonly kind: 'host-binaries'
}

/**
 * Starts from programs of this machine, with the shared libraries and the loader they need, a `/tmp`, and a `/etc/passwd` that knows
 * root and nobody. Nothing is downloaded. Files that programs read when they run (Python's modules, time zones) are not included.
 * @example oci({ from: hostBinaries({ commands: ['sh', 'cat', 'ls'] }) })
 */
export function hostBinaries(options: HostBinariesOptions): HostBinariesSource {
  return { kind: 'host-binaries', ...options }
}

const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n'
const group = 'root:x:0:\nnogroup:x:65534:\n'
/** Directories that are links into /usr on most systems of today. */
const mergedDirectories = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']
const maxLinks = 40

/**
 * The files of a base made of programs of this machine, sorted by path.
 * @throws ImagoError `TOOL_MISSING` for a program that does not exist, `UNSUPPORTED` for one that cannot be taken along
 */
export async function hostFiles(commands: readonly string[], signal: AbortSignal): Promise<InstalledEntry[]> {
  const manyListeners = AbortSignal.any([signal]) // the programs are looked into all at once
  setMaxListeners(0, manyListeners)
  const collector = new FileCollector(manyListeners)
  await Promise.all(commands.map((command) => collector.addCommand(command)))
  await collector.addMergedDirectories()
  const extras: InstalledEntry[] = [
    { path: '/etc/group', kind: 'file', mode: 0o644, content: group },
    { path: '/etc/passwd', kind: 'file', mode: 0o644, content: passwd },
    { path: '/root', kind: 'directory', mode: 0o700 },
    { path: '/tmp', kind: 'directory', mode: 0o1777 },
  ]
  return [...collector.entries(), ...extras].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

class FileCollector {
  readonly #signal: AbortSignal
  readonly #entries = new Map<string, InstalledEntry>()
  /** Links that this machine does not have, by path. */
  readonly #added = new Map<string, InstalledEntry>()
  readonly #programs = new Set<string>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  entries(): InstalledEntry[] {
    return [...new Map([...this.#added, ...this.#entries]).values()]
  }

  async addCommand(name: string): Promise<void> {
    const path = await findProgram(name)
    if (path === undefined) {
      throw new ImagoError('TOOL_MISSING', `this machine has no program '${name}'`, { hint: 'install it, or check the name and PATH' })
    }
    await this.#addProgram(path)
  }

  /** `/bin` must be there where programs say `/bin/sh`, whichever way they were found. */
  async addMergedDirectories(): Promise<void> {
    for (const name of mergedDirectories) {
      const path = `/${name}`
      const stats = await lstat(path).catch(() => undefined)
      if (stats?.isSymbolicLink() !== true) continue
      const target = await readlink(path)
      const isUsed = this.entries().some((entry) => entry.path.startsWith(`${resolve('/', target)}/`))
      if (isUsed) this.#entries.set(path, linkTo(path, target))
    }
  }

  async #addProgram(path: string): Promise<void> {
    const file = await this.#addFile(path)
    if (this.#programs.has(file)) return
    this.#programs.add(file)
    const { interpreter, loader, libraries } = await linkageOf(file, this.#signal)
    if (interpreter !== undefined) return await this.#addInterpreter(interpreter)
    if (loader !== undefined) await this.#addFile(loader)
    for (const library of libraries) await this.#addFile(library)
    this.#addToSearchPath(libraries)
  }

  async #addInterpreter([interpreter = '', argument]: readonly string[]): Promise<void> {
    await this.addCommand(interpreter)
    if (basename(interpreter) !== 'env' || argument === undefined) return
    const command = argument.split(/\s+/).find((word) => !word.startsWith('-') && !word.includes('='))
    if (command !== undefined) await this.addCommand(command)
  }

  /** Libraries in folders that only this machine's `ld.so.cache` knows are found through links beside the C library. */
  #addToSearchPath(libraries: readonly string[]): void {
    const main = libraries.find((path) => basename(path).startsWith('libc.'))
    if (main === undefined) return
    for (const path of libraries) {
      const link = join(dirname(main), basename(path))
      if (dirname(path) !== dirname(main)) this.#added.set(link, linkTo(link, path))
    }
  }

  /** Adds a file and every link on the way to it; answers with its path without links. */
  async #addFile(path: string): Promise<string> {
    let real = '/'
    const names = path.split('/').filter((name) => name !== '')
    for (let links = 0, name = names.shift(); name !== undefined; name = names.shift()) {
      const next = resolve(real, name)
      const stats = await lstat(next)
      if (!stats.isSymbolicLink()) {
        real = next
        continue
      }
      if (++links > maxLinks) throw new ImagoError('UNSUPPORTED', `'${path}' leads through a loop of links`)
      const target = await readlink(next)
      this.#entries.set(next, linkTo(next, target))
      names.unshift(...target.split('/').filter((part) => part !== ''))
      if (target.startsWith('/')) real = '/'
    }
    const { mode } = await stat(real)
    this.#entries.set(real, { path: real, kind: 'file', mode: (mode & 0o111) === 0 ? 0o644 : 0o755 })
    return real
  }
}

function linkTo(path: string, target: string): InstalledEntry {
  return { path, kind: 'symlink', mode: 0o777, target }
}
