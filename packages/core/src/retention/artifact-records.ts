import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { KeptArtifact } from '../cache/cache-store.ts'
import { fileSystemError, systemCode } from '../error.ts'
import type { BuildId } from '../selection.ts'

/** What a build that has succeeded left. */
export interface ArtifactRecord {
  readonly runId: string
  /** When the build was over. ISO 8601, UTC. */
  readonly madeAt: string
  readonly artifacts: readonly KeptArtifact[]
}

/** Which artifacts the runs with a state directory have made, build by build. Several processes may share it. */
export class ArtifactRecords {
  readonly #folder: string

  constructor(stateDirectory: string) {
    this.#folder = join(resolve(stateDirectory), 'artifacts')
  }

  /** What runs of a build have made, the latest first. */
  async of(build: BuildId): Promise<readonly ArtifactRecord[]> {
    const records = await Promise.all((await this.#pathsOf(build)).map(readRecord))
    return records.flat().toSorted((one, other) => other.madeAt.localeCompare(one.madeAt))
  }

  /** Keeps so many of a build, the latest. */
  async limit(build: BuildId, count: number): Promise<void> {
    if ((await this.#pathsOf(build)).length <= count) return
    for (const old of (await this.of(build)).slice(count)) await this.forget(build, old.runId)
  }

  async save(build: BuildId, record: ArtifactRecord): Promise<void> {
    const path = this.#pathOf(build, record.runId)
    const own = `${path}.${crypto.randomUUID()}.partial`
    try {
      await mkdir(this.#folderOf(build), { recursive: true, mode: 0o700 })
      await writeFile(own, `${JSON.stringify(record)}\n`, { mode: 0o600 })
      await rename(own, path)
    } catch (error) {
      await rm(own, { force: true })
      throw fileSystemError(error, `the record of artifacts ${path}`)
    }
  }

  async forget(build: BuildId, runId: string): Promise<void> {
    await rm(this.#pathOf(build, runId), { force: true })
  }

  async #pathsOf(build: BuildId): Promise<readonly string[]> {
    const folder = this.#folderOf(build)
    const names = await readdir(folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw fileSystemError(error, `the records of artifacts in ${folder}`)
    })
    return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name))
  }

  #folderOf({ image, build }: BuildId): string {
    return join(this.#folder, image.name, build)
  }

  #pathOf(build: BuildId, runId: string): string {
    return join(this.#folderOf(build), `${runId}.json`)
  }
}

/** None, where somebody else has just removed it, or has written something else there. */
async function readRecord(path: string): Promise<ArtifactRecord[]> {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'))
    const isOurs = typeof record === 'object' && record !== null && 'artifacts' in record && 'madeAt' in record && 'runId' in record
    return isOurs ? [record as ArtifactRecord] : [] // of what this file has written whole
  } catch {
    return []
  }
}
