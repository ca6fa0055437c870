import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { resolve } from 'node:path'

import pLimit from 'p-limit'

import type { Artifact } from './artifact.ts'
import type { JobResult, RunScope } from './build-job.ts'
import { runBuild } from './build-job.ts'
import { CacheStore } from './cache/cache-store.ts'
import { pruneStore } from './cache/housekeeping.ts'
import { checkRunOptions } from './check-run-options.ts'
import { definitionError, errorToJson, ImagoError } from './error.ts'
import { EventBus } from './event-bus.ts'
import type { Status } from './event.ts'
import type { ArtifactReference, Image } from './image.ts'
import { isImage } from './image.ts'
import { basesOf, withBases } from './image-graph.ts'
import { Journal } from './journal.ts'
import { listOf } from './one-or-many.ts'
import { checkPools, Pools } from './pools.ts'
import { processOwner } from './process-owner.ts'
import { redactorFor } from './definition-secrets.ts'
import { neededFiles } from './retention/needed-files.ts'
import type { Report } from './report.ts'
import type { RunOptions, Selection } from './run-options.ts'
import type { BuildId } from './selection.ts'
import { qualifiedName, selectBuilds } from './selection.ts'
import { validate } from './validate.ts'

/**
 * Runs the builds of one or several images and reports how each went. A build that fails is part of the report.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definitions, `USAGE` with every problem of the options; nothing has
 * been started then. What `onEvent` threw, when everything is over.
 */
export async function run(images: Image | readonly Image[], options: RunOptions & Selection = {}): Promise<Report> {
  return (await runBuilds(images, options)).report
}

/** What came of a run. */
export interface RunOutcome {
  /** Secrets are masked in it. */
  readonly report: Report
  /** What the builders made, by the builds' qualified names; nothing is masked in it: it is for the program, not for people. */
  readonly made: ReadonlyMap<string, Artifact>
}

/** Does what {@link run} says. */
export async function runBuilds(images: Image | readonly Image[], options: RunOptions & Selection): Promise<RunOutcome> {
  checkRunOptions(options)
  const list = listOf(images)
  const issues = await validate(list, options)
  if (issues.length > 0) throw definitionError(list.map((image) => (isImage(image) ? image.name : '')).join("', '"), issues)
  const all = withBases(selectBuilds(list, {}).builds)
  checkPools(
    options.pools ?? {},
    all.flatMap(({ image, build }) => image.builders[build] ?? []),
  )
  const selected = withBases(selectBuilds(list, options).builds)
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const runId = options.runId ?? randomBytes(6).toString('hex')
  const owner = processOwner()
  const stateDirectory = resolve(options.stateDirectory ?? '.imago')
  const events = new EventBus(runId, redactorFor(selected.map(({ image }) => image)), options.onEvent)
  const journal = await Journal.create(stateDirectory, { runId, owner, startedAt })
  events.say({
    type: 'run-started',
    builds: selected.map(({ image, build }) => ({ image: image.name, build, builderType: image.builders[build]?.type ?? '' })),
  })
  const finished = (status: Status): number => {
    const durationMs = Math.round(performance.now() - began)
    events.say({ type: 'run-finished', status, durationMs })
    return durationMs
  }
  try {
    const cacheStore = new CacheStore(stateDirectory)
    const defaults = runDefaults(options)
    const needed = neededFiles(selected, defaults.directory)
    const scope: RunScope = { runId, owner, stateDirectory, journal, events, cacheStore, neededFiles: needed, ...defaults }
    const results = await runAll(scope, selected, options).finally(() => journal.close())
    if (scope.cache !== undefined && cacheStore.hasGrown) await keepCacheSmall(scope, selected)
    const builds = results.map(({ report }) => report)
    const status = overall(builds.map((build) => build.status))
    const durationMs = finished(status)
    if (events.failure !== undefined) throw events.failure
    return {
      report: { runId, status, startedAt, durationMs, builds, left: events.redactor.value(journal.left) },
      made: new Map(selected.flatMap((id, index) => madeBy(id, results[index]))),
    }
  } catch (error) {
    finished('failed')
    throw error
  }
}

/** The largest that a cache is when nobody says how large it may be, in bytes. */
const defaultCacheBytes = 10e9

/** Removes the snapshots for which the cache has no room. What cannot be removed now is tried again by the next run. */
async function keepCacheSmall({ cache, cacheStore, signal }: RunScope, builds: readonly BuildId[]): Promise<void> {
  const builders = builds.flatMap(({ image, build }) => image.builders[build] ?? [])
  const homes = new Map(builders.flatMap(({ type, snapshots }) => (snapshots === undefined ? [] : [[type, snapshots]])))
  if (signal.aborted) return
  await pruneStore(cacheStore, { homes, keepBytes: cache?.maxBytes ?? defaultCacheBytes, signal }).catch(() => undefined)
}

function madeBy(id: BuildId, result: JobResult | undefined): [string, Artifact][] {
  return result?.made === undefined ? [] : [[qualifiedName(id), result.made]]
}

function runDefaults(options: RunOptions): Pick<RunScope, 'directory' | 'onError' | 'releaseTimeout' | 'signal' | 'cache' | 'provenance'> {
  const { cache = false, provenance = false } = options
  return {
    ...(provenance !== false && { provenance: provenance === true ? {} : provenance }),
    ...(cache !== false && { cache: cache === true ? {} : cache }),
    directory: resolve(options.directory ?? '.'),
    onError: options.onError ?? 'cleanup',
    releaseTimeout: options.releaseTimeout ?? '2m',
    signal: options.signal ?? new AbortController().signal,
  }
}

/** Runs every build as soon as those that it starts from are done and there is room for it. */
async function runAll(scope: RunScope, builds: readonly BuildId[], options: RunOptions): Promise<JobResult[]> {
  const failFast = new AbortController()
  const run: RunScope = { ...scope, signal: AbortSignal.any([scope.signal, failFast.signal]) }
  setMaxListeners(0, run.signal) // every wait of every build listens, which is no leak
  const room = pLimit(options.concurrency ?? Infinity)
  const pools = new Pools(options.pools ?? {})
  const baseNames = new Set(builds.flatMap(basesOf).map(qualifiedName))
  const jobs = new Map<string, Promise<JobResult>>()
  const start = async (id: BuildId): Promise<JobResult> => {
    const bases = await Promise.all(basesOf(id).map(async (base) => [qualifiedName(base), await jobs.get(qualifiedName(base))] as const))
    const made = new Map(bases.map(([name, result]) => [name, result?.made]))
    const artifact = <A extends Artifact>(reference: ArtifactReference<A>): A => {
      const name = qualifiedName(reference)
      const found = made.get(name)
      if (found === undefined) throw missingBase(name)
      return found as A // the reference's type says what that builder makes
    }
    const builder = id.image.builders[id.build]
    if (builder === undefined) throw new ImagoError('INTERNAL', `no builder '${qualifiedName(id)}'`)
    const missing = bases.find(([, result]) => result?.report.status !== 'succeeded')
    const result = await pools.run(builder, () =>
      room(() => {
        if (run.signal.aborted) return notStarted(run, id, builder.type, new ImagoError('CANCELLED', 'cancelled before it was started'))
        if (missing !== undefined) return notStarted(run, id, builder.type, missingBase(missing[0]))
        return runBuild(run, { id, builder, artifact, isBase: baseNames.has(qualifiedName(id)) })
      }),
    )
    if (options.failFast === true && result.report.status === 'failed')
      failFast.abort(new ImagoError('CANCELLED', `cancelled, because ${qualifiedName(id)} failed`))
    return result
  }
  for (const id of builds) jobs.set(qualifiedName(id), start(id))
  await Promise.allSettled(jobs.values()) // no build may go on behind the back of a run that is over
  return Promise.all(jobs.values())
}

function missingBase(name: string): ImagoError {
  return new ImagoError('BUILD_FAILED', `'${name}', which this build starts from, was not built`, { hint: 'see why that one failed' })
}

/** A build that the run was cancelled before, or that cannot start from what was not built. */
function notStarted(run: RunScope, { image, build }: BuildId, builderType: string, reason: ImagoError): JobResult {
  const error = errorToJson(reason)
  const status: Status = reason.code === 'CANCELLED' ? 'cancelled' : 'failed'
  const at = { image: image.name, build }
  run.events.say({ type: 'build-started', ...at, builderType, steps: 0 })
  run.events.say({ type: 'build-finished', ...at, status, durationMs: 0, artifacts: [], error })
  return { report: { ...at, builderType, status, durationMs: 0, artifacts: [], steps: [], error } }
}

function overall(statuses: readonly Status[]): Status {
  if (statuses.includes('failed')) return 'failed'
  return statuses.includes('cancelled') ? 'cancelled' : 'succeeded'
}
