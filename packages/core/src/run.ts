import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { resolve } from 'node:path'

import pLimit from 'p-limit'

import type { Artifact } from './artifact.ts'
import type { JobResult, RunScope } from './build-job.ts'
import { artifactFor, runBuild } from './build-job.ts'
import { secretsIn } from './definition-values.ts'
import { definitionError, errorToJson, ImagoError } from './error.ts'
import { EventBus } from './event-bus.ts'
import type { Status } from './event.ts'
import type { ArtifactReference, Image } from './image.ts'
import { basesOf, withBases } from './image-graph.ts'
import { Journal } from './journal.ts'
import { Pools } from './pools.ts'
import { processOwner } from './process-owner.ts'
import { Redactor } from './redactor.ts'
import type { Report } from './report.ts'
import type { RunOptions, Selection } from './run-options.ts'
import type { BuildId } from './selection.ts'
import { qualifiedName, selectBuilds } from './selection.ts'
import { validate } from './validate.ts'

/**
 * Runs the builds of one or several images and reports how each went. A build that fails is part of the report.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definitions; nothing has been started then.
 */
export async function run(images: Image | readonly Image[], options: RunOptions & Selection = {}): Promise<Report> {
  const list: readonly Image[] = 'kind' in images ? [images] : images
  const issues = await validate(list, options)
  if (issues.length > 0) throw definitionError(list.map(({ name }) => name).join("', '"), issues)
  const builds = withBases(selectBuilds(list, options).builds)
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const runId = options.runId ?? randomBytes(6).toString('hex')
  const owner = processOwner()
  const stateDirectory = resolve(options.stateDirectory ?? '.imago')
  const events = new EventBus(runId, redactorFor(builds), options.onEvent)
  const journal = await Journal.create(stateDirectory, { runId, owner, startedAt })
  events.say({
    type: 'run-started',
    builds: builds.map(({ image, build }) => ({ image: image.name, build, builderType: image.builders[build]?.type ?? '' })),
  })
  const results = await runAll({ runId, owner, stateDirectory, journal, events, ...runDefaults(options) }, builds, options).finally(() =>
    journal.close(),
  )
  const durationMs = Math.round(performance.now() - began)
  const status = overall(results.map(({ report }) => report.status))
  events.say({ type: 'run-finished', status, durationMs })
  return { runId, status, startedAt, durationMs, builds: results.map(({ report }) => report), left: journal.left }
}

function runDefaults(options: RunOptions): Pick<RunScope, 'directory' | 'onError' | 'releaseTimeout' | 'signal'> {
  return {
    directory: resolve(options.directory ?? '.'),
    onError: options.onError ?? 'cleanup',
    releaseTimeout: options.releaseTimeout ?? '2m',
    signal: options.signal ?? new AbortController().signal,
  }
}

/** Runs every build as soon as those that it starts from are done and there is room for it. */
function runAll(scope: RunScope, builds: readonly BuildId[], options: RunOptions): Promise<JobResult[]> {
  const failFast = new AbortController()
  const run: RunScope = { ...scope, signal: AbortSignal.any([scope.signal, failFast.signal]) }
  setMaxListeners(0, run.signal) // every wait of every build listens, which is no leak
  const room = pLimit(options.concurrency ?? Infinity)
  const pools = new Pools(options.pools ?? {})
  const jobs = new Map<string, Promise<JobResult>>()
  const start = async (id: BuildId): Promise<JobResult> => {
    const bases = await Promise.all(basesOf(id).map(async (base) => [qualifiedName(base), await jobs.get(qualifiedName(base))] as const))
    const artifact = <A extends Artifact>(reference: ArtifactReference<A>): A => {
      const made = new Map(bases).get(qualifiedName(reference))
      return artifactFor(reference, made?.report) as A // the reference's type says what that builder makes
    }
    const builder = id.image.builders[id.build]
    if (builder === undefined) throw new ImagoError('INTERNAL', `no builder '${qualifiedName(id)}'`)
    const result = await pools.run(builder.pool, () =>
      room(() => (run.signal.aborted ? notStarted(run, id, builder.type) : runBuild(run, id, builder, artifact))),
    )
    if (options.failFast === true && result.report.status === 'failed')
      failFast.abort(new ImagoError('CANCELLED', `cancelled, because ${qualifiedName(id)} failed`))
    return result
  }
  for (const id of builds) jobs.set(qualifiedName(id), start(id))
  return Promise.all(jobs.values())
}

/** A build whose turn came after the run was cancelled. */
function notStarted(run: RunScope, { image, build }: BuildId, builderType: string): JobResult {
  const error = errorToJson(new ImagoError('CANCELLED', 'cancelled before it was started'))
  const at = { image: image.name, build }
  run.events.say({ type: 'build-started', ...at, builderType, steps: 0 })
  run.events.say({ type: 'build-finished', ...at, status: 'cancelled', durationMs: 0, artifacts: [], error })
  return { report: { ...at, builderType, status: 'cancelled', durationMs: 0, artifacts: [], steps: [], error }, left: [] }
}

function redactorFor(builds: readonly BuildId[]): Redactor {
  const redactor = new Redactor()
  for (const image of new Set(builds.map((id) => id.image))) {
    const components = [...Object.values(image.builders), ...image.provisioners, ...image.errorCleanup, ...image.postProcessors.flat()]
    for (const value of components.flatMap((component) => secretsIn(component.options))) redactor.add(value)
  }
  return redactor
}

function overall(statuses: readonly Status[]): Status {
  if (statuses.includes('failed')) return 'failed'
  return statuses.includes('cancelled') ? 'cancelled' : 'succeeded'
}
