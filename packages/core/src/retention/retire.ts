import type { Artifact } from '../artifact.ts'
import type { Builder, MadeBefore } from '../component.ts'
import type { Duration } from '../duration.ts'
import { milliseconds } from '../duration.ts'
import type { ErrorJson } from '../error.ts'
import { abortError, errorToJson, fileSystemError, ImagoError } from '../error.ts'
import type { BuildId } from '../selection.ts'
import { timeLimit } from '../time-limit.ts'
import { orAbandon } from '../wait.ts'
import type { ArtifactRecord, ArtifactRecords } from './artifact-records.ts'
import { retireFiles } from './retire-files.ts'
import { neededBy, runningRuns } from './running-runs.ts'

/** What became of an artifact that a run of a build has made before. */
export interface RetiredArtifact {
  /** The image's name. */
  readonly image: string
  readonly build: string
  /** Of one that consists of files, those that it is about. */
  readonly artifact: Artifact
  /** ISO 8601, UTC. */
  readonly madeAt: string
  /** `would-remove` on a dry run; `kept` when something uses it, or it is not what was made any more. */
  readonly outcome: 'removed' | 'would-remove' | 'kept' | 'failed'
  /** Why it is kept. */
  readonly why?: string
  readonly error?: ErrorJson
}

/** What {@link RetiredArtifact} says apart from the build. */
export type Retirement = Omit<RetiredArtifact, 'image' | 'build'>

/** Which artifacts of a build go. */
export interface RetireWork {
  readonly id: BuildId
  readonly builder: Builder
  /** So many stay. */
  readonly last: number
  readonly records: ArtifactRecords
  readonly stateDirectory: string
  /** Relative local paths of the definition are relative to this folder. Absolute. */
  readonly directory: string
  /** What a run has just made; it counts as the latest. */
  readonly current?: { readonly runId: string; readonly artifacts: readonly Artifact[] }
  /** Files that the definitions of the run read. Absolute. */
  readonly needed: ReadonlySet<string>
  readonly dryRun: boolean
  /** How long removing one of them may take. */
  readonly timeout: Duration
  readonly signal: AbortSignal
}

/** How long a removal that does not listen to its signal is waited for. */
const graceMs = 2000
/** What a run made that this machine knows nothing of may be in use by it for so long. */
const strangersMs = 24 * 60 * 60_000

/**
 * Removes the artifacts of a build but for the latest, past failures, and tells of each.
 * @throws ImagoError what the provider says when it cannot be asked
 */
export async function* retire(work: RetireWork): AsyncGenerator<Retirement, void, undefined> {
  const records = await work.records.of(work.id)
  const [latest, older] = await atProvider(work, records)
  await noteAsFound(work, records, latest)
  const left = new Set(latest.map(({ artifact }) => artifact.id))
  const running = await runningRuns(work.stateDirectory)
  for (const found of older) {
    const retirement = await retireOne(work, found, { records, running })
    if (retirement.outcome !== 'removed') left.add(found.artifact.id)
    yield retirement
  }
  const others = records.filter(({ runId }) => runId !== work.current?.runId)
  const kept = others.slice(0, work.last - (work.current === undefined ? 0 : 1))
  yield* retireFiles(work, { older: others.slice(kept.length), kept, left, running })
}

/** What the provider has: the latest, and the others, the latest of them first. */
async function atProvider(
  { id, builder, last, directory, signal, current }: RetireWork,
  records: readonly ArtifactRecord[],
): Promise<readonly [latest: readonly MadeBefore[], older: readonly MadeBefore[]]> {
  if (builder.artifacts === undefined) return [[], []]
  const known = records.flatMap(({ artifacts }) => artifacts.map(({ artifact }) => artifact))
  const found = await builder.artifacts({ directory, signal, image: id.image.name, build: id.build, known })
  const isCurrent = ({ artifact }: MadeBefore): boolean =>
    current?.artifacts.some((made) => made.id === artifact.id && made.type === artifact.type) === true
  const others = found.filter((each) => !isCurrent(each)).toSorted((one, other) => Date.parse(other.madeAt) - Date.parse(one.madeAt))
  const room = Math.max(0, last - (found.some(isCurrent) ? 1 : 0))
  return [[...found.filter(isCurrent), ...others.slice(0, room)], others.slice(room)]
}

/** What a run has just made is noted as its provider has it: whatever names it has now, this run gave it. */
async function noteAsFound(
  { id, current, records: store }: RetireWork,
  records: readonly ArtifactRecord[],
  latest: readonly MadeBefore[],
): Promise<void> {
  const record = records.find(({ runId }) => runId === current?.runId)
  if (record === undefined) return
  const artifacts = record.artifacts.map((noted) => {
    const found = latest.find(({ artifact }) => artifact.id === noted.artifact.id && artifact.type === noted.artifact.type)
    return found === undefined ? noted : { ...noted, artifact: found.artifact }
  })
  await store.save(id, { ...record, artifacts })
}

/** What is known of the runs with a state directory. */
interface KnownRuns {
  readonly records: readonly ArtifactRecord[]
  readonly running: ReadonlySet<string>
}

async function retireOne(work: RetireWork, found: MadeBefore, known: KnownRuns): Promise<Retirement> {
  const { builder, directory, signal, timeout, dryRun } = work
  const { artifact, madeAt } = found
  const why = found.inUse ?? usedByRun(work, found, known)
  if (why !== undefined) return { artifact, madeAt, outcome: 'kept', why }
  if (dryRun) return { artifact, madeAt, outcome: 'would-remove' }
  if (signal.aborted) throw abortError(signal)
  try {
    if (builder.destroyArtifact === undefined) throw new ImagoError('INTERNAL', `builder '${builder.type}' removes no artifacts`)
    const limited = AbortSignal.any([signal, timeLimit(milliseconds(timeout))])
    await orAbandon(builder.destroyArtifact(artifact, { directory, signal: limited }), limited, graceMs)
    return { artifact, madeAt, outcome: 'removed' }
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    return { artifact, madeAt, outcome: 'failed', error: errorToJson(fileSystemError(error, `'${artifact.id}' cannot be removed`)) }
  }
}

/** Which run may still need it: push it, say, or start from it. Of one that is not known here nobody can tell. */
function usedByRun({ current }: RetireWork, { runId, madeAt }: MadeBefore, { records, running }: KnownRuns): string | undefined {
  if (runId === undefined || runId === current?.runId) return undefined
  if (running.has(runId)) return neededBy(runId)
  const isKnown = records.some((record) => record.runId === runId)
  return isKnown || Date.now() - Date.parse(madeAt) > strangersMs ? undefined : neededBy(runId)
}
