import { lstat, rm } from 'node:fs/promises'

import type { ArtifactFile } from '../artifact.ts'
import type { KeptArtifact } from '../cache/cache-store.ts'
import type { KeptFile } from '../cache/kept-files.ts'
import { errorToJson, fileSystemError, systemCode } from '../error.ts'
import { fileSha256 } from '../file-digest.ts'
import type { ArtifactRecord } from './artifact-records.ts'
import type { Retirement, RetireWork } from './retire.ts'
import { neededBy } from './running-runs.ts'

/** The records of a build, as far as its current run has not written them. */
export interface RecordsToRetire {
  /** Of runs whose artifacts go, the latest first. */
  readonly older: readonly ArtifactRecord[]
  /** Of runs whose artifacts stay. */
  readonly kept: readonly ArtifactRecord[]
  /** The ids of artifacts that the provider has; the records tell which names they were given. */
  readonly left: ReadonlySet<string>
  /** The runs that are not over. */
  readonly running: ReadonlySet<string>
}

/** File systems and archives keep times as exactly as this, in milliseconds. */
const coarsestMs = 2000

/** What has become of a file; `'unknown'` when nobody knows what its digest was. */
type FileState = 'gone' | 'same' | 'changed' | 'unknown'

/**
 * Removes files that earlier runs made: those that are what they were by their digests, and that no later artifact consists of. Records
 * that tell of nothing more go, too.
 */
export async function* retireFiles(
  work: RetireWork,
  { older, kept, left, running }: RecordsToRetire,
): AsyncGenerator<Retirement, void, undefined> {
  const { current, needed, dryRun, records, id } = work
  // what an earlier record says of the file of a later one is not what it is now
  const told = new Set([...needed, ...pathsOf(current?.artifacts ?? []), ...kept.flatMap((record) => pathsOf(record.artifacts))])
  for (const record of older) {
    const isRunning = running.has(record.runId)
    let isNeeded = isRunning || record.artifacts.some(({ artifact }) => left.has(artifact.id))
    for (const made of record.artifacts) {
      const files = made.files.filter(({ path }) => !told.has(path))
      for (const { path } of files) told.add(path)
      if (isRunning && files.length > 0)
        yield { artifact: made.artifact, madeAt: record.madeAt, outcome: 'kept', why: neededBy(record.runId) }
      if (isRunning) continue
      for await (const retirement of retireArtifact(work, { ...made, files }, record.madeAt)) {
        isNeeded ||= retirement.outcome === 'failed'
        yield retirement
      }
    }
    if (!isNeeded && !dryRun) await records.forget(id, record.runId)
  }
}

function pathsOf(artifacts: readonly { readonly files?: readonly ArtifactFile[] }[]): string[] {
  return artifacts.flatMap(({ files = [] }) => files.map(({ path }) => path))
}

async function* retireArtifact(
  { dryRun, signal }: RetireWork,
  { artifact: whole, files }: KeptArtifact,
  madeAt: string,
): AsyncGenerator<Retirement, void, undefined> {
  const removed: ArtifactFile[] = []
  const about = (own: readonly ArtifactFile[]): Pick<Retirement, 'artifact' | 'madeAt'> => ({ artifact: { ...whole, files: own }, madeAt })
  for (const kept of files) {
    const { mtimeMs: _, ...file } = kept
    try {
      const state = await stateOf(kept, signal)
      if (state === 'changed') yield { ...about([file]), outcome: 'kept', why: 'it has been changed since' }
      if (state === 'unknown') yield { ...about([file]), outcome: 'kept', why: 'its digest was not noted' }
      if (state !== 'same') continue
      if (!dryRun) await rm(file.path, { force: true })
      removed.push(file)
    } catch (error) {
      signal.throwIfAborted()
      yield { ...about([file]), outcome: 'failed', error: errorToJson(fileSystemError(error, `'${file.path}' cannot be removed`)) }
    }
  }
  if (removed.length > 0) yield { ...about(removed), outcome: dryRun ? 'would-remove' : 'removed' }
}

/** Whether a file is what was made: written then, and of the same content. */
async function stateOf({ path, size, sha256, mtimeMs }: KeptFile, signal: AbortSignal): Promise<FileState> {
  try {
    const found = await lstat(path)
    if (!found.isFile() || found.size !== size || Math.abs(found.mtimeMs - mtimeMs) > coarsestMs) return 'changed'
    if (sha256 === undefined) return 'unknown'
    return (await fileSha256(path, signal)) === sha256 ? 'same' : 'changed'
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return 'gone'
    throw error
  }
}
