import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import type { Artifact } from '../artifact.ts'
import type { Snapshot } from '../component.ts'
import { fileSystemError, isImagoError, systemCode } from '../error.ts'
import type { StepRef } from '../event.ts'
import type { ReleaseLock } from '../file-lock.ts'
import { tryFileLock, withFileLock } from '../file-lock.ts'
import type { Json, JsonObject } from '../json.ts'
import type { MadeArtifact } from '../post-processing.ts'
import { isOwnerAlive, processOwner } from '../process-owner.ts'
import type { KeptFile } from './kept-files.ts'
import { timeLimit } from '../time-limit.ts'

/** A snapshot of a machine after a step. */
export interface SnapshotRecord extends Snapshot {
  readonly image: string
  readonly build: string
  readonly builderType: string
  readonly step: StepRef
  /** When the step ran. ISO 8601, UTC. */
  readonly ranAt: string
  readonly bytes: number
  /** Whoever is making it. When they are gone, so is what they were making. */
  readonly making?: string
}

/** A snapshot as `imago cache ls` shows it. */
export interface CachedSnapshot extends SnapshotRecord {
  /** When a build last started from it, or made it. ISO 8601, UTC. */
  readonly usedAt: string
}

/** A build that has succeeded. */
export interface BuildRecord {
  readonly finishedAt: string
  /** What the builder made. */
  readonly made: Artifact
  /** What was left in the end. */
  readonly artifacts: readonly KeptArtifact[]
}

/** An artifact of a build that has succeeded. */
export interface KeptArtifact extends MadeArtifact {
  readonly files: readonly KeptFile[]
}

/** What a build was last made from, to tell people what has changed. Secrets are masked. */
export interface MaterialRecord {
  readonly base: Json
  readonly steps: Readonly<Record<string, JsonObject | { readonly always: string }>>
}

/** Writing a record takes less, in milliseconds. */
const writingMs = 60_000

/** The files of a cache: what is known of snapshots and builds, and who uses them. Several processes may share it. */
export class CacheStore {
  readonly #folder: string
  #hasGrown = false
  #salt: Promise<Buffer> | undefined

  /** Whether a snapshot was added through this object. */
  get hasGrown(): boolean {
    return this.#hasGrown
  }

  constructor(stateDirectory: string) {
    this.#folder = join(resolve(stateDirectory), 'cache')
  }

  /** Where a builder keeps snapshots that are files. */
  snapshotsOf(builderType: string): string {
    return join(this.#folder, 'snapshots', builderType)
  }

  /** What keys are made with; no other cache has the same. */
  async salt(): Promise<Buffer> {
    return await (this.#salt ??= this.#readOrMakeSalt())
  }

  async #readOrMakeSalt(): Promise<Buffer> {
    const path = join(this.#folder, 'salt')
    const found = await orNothing(readFile(path))
    if (found !== undefined) return found
    await makeFolder(this.#folder)
    return await withFileLock(`${path}.lock`, { signal: timeLimit(30_000) }, async () => {
      const made = await orNothing(readFile(path))
      if (made !== undefined) return made
      const salt = randomBytes(32)
      await writeWhole(path, salt)
      return salt
    })
  }

  /** The snapshot with a key, once it has been made. */
  async snapshot(key: string): Promise<SnapshotRecord | undefined> {
    const record = await this.#read<SnapshotRecord>('steps', key)
    return record?.making === undefined ? record : undefined
  }

  /** All snapshots, also those that are being made; the one that was not used for longest comes first. */
  async snapshots(): Promise<readonly CachedSnapshot[]> {
    const found = (await this.#names('steps')).map(async (key): Promise<CachedSnapshot[]> => {
      const [record, file] = await Promise.all([
        this.#read<SnapshotRecord>('steps', key),
        orNothing(stat(this.#path('steps', `${key}.json`))),
      ])
      return record === undefined || file === undefined ? [] : [{ ...record, usedAt: file.mtime.toISOString() }]
    })
    return (await Promise.all(found)).flat().toSorted((one, other) => one.usedAt.localeCompare(other.usedAt))
  }

  async saveSnapshot(record: SnapshotRecord): Promise<void> {
    this.#hasGrown = true
    await this.#write('steps', record.key, record)
  }

  async forgetSnapshot(key: string): Promise<void> {
    await rm(this.#path('steps', `${key}.json`), { force: true })
  }

  /** Says that a process uses a snapshot, which must not be removed until it is given back. */
  async lease(key: string): Promise<ReleaseLock> {
    const path = this.#path('leases', `${key}.${crypto.randomUUID()}`)
    await inFolder(path, () => writeFile(path, processOwner(), { mode: 0o600 }))
    const now = new Date()
    await utimes(this.#path('steps', `${key}.json`), now, now).catch(() => undefined) // it tells when it was used, if it is there
    return async () => await rm(path, { force: true })
  }

  /** The keys of the snapshots that are used by processes that live. */
  async leased(): Promise<ReadonlySet<string>> {
    const keys = new Set<string>()
    for (const name of await this.#names('leases', '')) {
      const path = this.#path('leases', name)
      const owner = (await orNothing(readFile(path, 'utf8'))) ?? ''
      if (owner !== '' && isOwnerAlive(owner) === false) await rm(path, { force: true })
      else keys.add(name.split('.')[0] ?? '')
    }
    return keys
  }

  /** Takes the lock of what is made under a key, if nobody has it. */
  async tryLock(key: string): Promise<ReleaseLock | undefined> {
    const path = this.#path('locks', key)
    const taken = await inFolder(path, () => tryFileLock(path))
    return typeof taken === 'function' ? taken : undefined
  }

  /** Removes what processes that are gone held or were writing. */
  async tidy(): Promise<void> {
    await this.leased()
    for (const key of await this.#names('locks', '')) await (await this.tryLock(key))?.()
    for (const kind of ['', 'steps', 'builds', 'materials']) {
      const folder = join(this.#folder, kind)
      for (const name of (await orNothing(readdir(folder))) ?? []) {
        if (name.endsWith('.partial')) await this.#removeOld(join(folder, name))
      }
    }
  }

  /** A file that nobody has written to for so long has no writer. */
  async #removeOld(path: string): Promise<void> {
    const found = await orNothing(stat(path))
    if (found !== undefined && Date.now() - found.mtimeMs > writingMs) await rm(path, { force: true })
  }

  async build(key: string): Promise<BuildRecord | undefined> {
    return await this.#read<BuildRecord>('builds', key)
  }

  async saveBuild(key: string, record: BuildRecord): Promise<void> {
    await this.#write('builds', key, record)
  }

  /** What a build was last made from, by its qualified name. */
  async material(build: string): Promise<MaterialRecord | undefined> {
    return await this.#read<MaterialRecord>('materials', build)
  }

  async saveMaterial(build: string, record: MaterialRecord): Promise<void> {
    await this.#write('materials', build, record)
  }

  async #read<T>(kind: string, name: string): Promise<T | undefined> {
    const text = await orNothing(readFile(this.#path(kind, `${name}.json`), 'utf8'))
    if (text === undefined) return undefined
    try {
      return JSON.parse(text) as T // of what this class has written whole
    } catch {
      return undefined // somebody has edited it: as if it were not there
    }
  }

  async #write(kind: string, name: string, record: object): Promise<void> {
    const path = this.#path(kind, `${name}.json`)
    await inFolder(path, () => writeWhole(path, `${JSON.stringify(record)}\n`))
  }

  async #names(kind: string, ending = '.json'): Promise<string[]> {
    const names = (await orNothing(readdir(join(this.#folder, kind)))) ?? []
    return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, name.length - ending.length))
  }

  #path(kind: string, name: string): string {
    return join(this.#folder, kind, name)
  }
}

/** Writes to a folder, which is made when it turns out that there is none. */
async function inFolder<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (systemCode(isImagoError(error) ? error.cause : error) !== 'ENOENT') throw error
    await makeFolder(dirname(path))
    return await write()
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fileSystemError(error, `the cache in ${folder}`)
  })
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const own = `${path}.${crypto.randomUUID()}.partial`
  try {
    await writeFile(own, content, { mode: 0o600 })
    await rename(own, path)
  } catch (error) {
    await rm(own, { force: true })
    throw fileSystemError(error, `the cache: ${path}`)
  }
}
