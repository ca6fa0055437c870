import { applicableSteps } from './applicable-steps.ts'
import type { Artifact } from './artifact.ts'
import type { Communicator } from './communicator.ts'
import { BuildCache } from './cache/build-cache.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { Builder } from './component.ts'
import type { BuildContext, ComponentContext, SaveSnapshot } from './context.ts'
import type { Duration } from './duration.ts'
import { milliseconds } from './duration.ts'
import { errorToJson, ImagoError } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { Status } from './event.ts'
import type { Facts } from './facts.ts'
import type { Journal } from './journal.ts'
import { decide } from './on-error.ts'
import type { OutputLines } from './output-lines.ts'
import type { MadeArtifact } from './post-processing.ts'
import { postProcess } from './post-processing.ts'
import { watchProcesses } from './process-watch.ts'
import type { ProvisionCache } from './provisioning.ts'
import { provisionMachine } from './provisioning.ts'
import type { BuildReport, StepReport } from './report.ts'
import { ResourceScope } from './resource-scope.ts'
import type { CacheOptions, OnError, ProvenanceOptions } from './run-options.ts'
import type { BuildId } from './selection.ts'
import type { Provenance } from './provenance/provenance.ts'
import { ProvenanceRecorder } from './provenance/provenance-recorder.ts'
import { withoutEdits } from './provenance/without-edits.ts'
import { afterBuild } from './retention/after-build.ts'
import type { StepPlace } from './step-runner.ts'
import { runStep } from './step-runner.ts'
import { timeLimit } from './time-limit.ts'
import { orAbandon } from './wait.ts'
import { makeWorkDirectory, workDirectory, workDirectoryPath } from './work-directory.ts'

/** What all builds of a run share. */
export interface RunScope {
  readonly runId: string
  readonly owner: string
  readonly directory: string
  readonly stateDirectory: string
  readonly journal: Journal
  readonly events: EventBus
  readonly signal: AbortSignal
  readonly onError: OnError
  readonly releaseTimeout: Duration
  /** Where builders keep snapshots, and what is known of them; used when `cache` says so. */
  readonly cacheStore: CacheStore
  readonly cache?: CacheOptions
  /** Files that its builds read, which therefore stay. Absolute. */
  readonly neededFiles: ReadonlySet<string>
  readonly provenance?: ProvenanceOptions
}

/** A build that is to be run. */
export interface BuildOrder {
  readonly id: BuildId
  readonly builder: Builder
  /** What the builds that it starts from have made. */
  readonly artifact: BuildContext['artifact']
  /** Whether other builds of the run start from what this one makes: then no post-processor may consume it. */
  readonly isBase: boolean
}

/** How a build ended. */
export interface JobResult {
  readonly report: BuildReport
  /** What it made, for the builds that start from it; nothing is masked in it. */
  readonly made?: Artifact
}

interface Outcome {
  readonly made?: Artifact
  readonly artifacts: readonly Artifact[]
  readonly error?: unknown
  readonly upToDate?: true
  /** What earlier runs had made. */
  readonly removed?: readonly Artifact[]
  readonly provenance?: Provenance
}

/** How long a builder that does not listen to its signal is waited for; longer than its steps are, which end first. */
const graceMs = 15_000

/** Runs one build from its start to the release of its last resource. Never rejects: what went wrong is in the report. */
export async function runBuild(run: RunScope, order: BuildOrder): Promise<JobResult> {
  return new BuildJob(run, order).run()
}

class BuildJob {
  readonly #run: RunScope
  readonly #id: BuildId
  readonly #builder: Builder
  readonly #order: BuildOrder
  /** Takes the output of the builder between its steps. */
  readonly #output: OutputLines
  readonly #steps: StepReport[] = []
  /** The machine and what it needs; released before post-processing. */
  readonly #machineScope: ResourceScope
  /** The folder for temporary files, and what post-processors acquire. */
  readonly #buildScope: ResourceScope
  #keepResources = false
  #facts: Facts
  /** Whether the builder has handed its machine over. */
  #isProvisioned = false
  /** What need not be done again, where the run has a cache. */
  readonly #cache: BuildCache | undefined
  /** How it comes to what it makes, where the run is to tell. */
  readonly #provenance: ProvenanceRecorder | undefined

  constructor(run: RunScope, order: BuildOrder) {
    const { runId, journal, events, signal, releaseTimeout } = run
    const { id, builder } = order
    this.#run = run
    this.#id = id
    this.#builder = builder
    this.#order = order
    this.#output = events.outputFor({ image: id.image.name, build: id.build })
    const scope = { runId, journal, events, signal, releaseTimeout, image: id.image.name, build: id.build }
    this.#machineScope = new ResourceScope(scope)
    this.#buildScope = new ResourceScope(scope)
    this.#facts = { buildName: id.build, builderType: builder.type, runId, image: id.image.name }
    const { provenance: asked, directory } = run
    const { artifact } = order
    this.#provenance = asked && new ProvenanceRecorder({ id, builder, directory, signal, artifact, materials: asked.materials ?? [] })
    this.#cache = run.cache === undefined ? undefined : this.#openCache(run.cache)
  }

  #openCache(options: CacheOptions): BuildCache {
    const { cacheStore: store, events, directory, signal } = this.#run
    const [id, builder] = [this.#id, this.#builder]
    const lookup = { directory, signal, cacheDirectory: store.snapshotsOf(builder.type), artifact: this.#order.artifact }
    const emit = events.emitFor({ image: id.image.name, build: id.build })
    return new BuildCache({ id, builder, store, options, lookup, redactor: events.redactor, emit })
  }

  async run(): Promise<JobResult> {
    const { image, build } = this.#id
    const began = performance.now()
    const applicable = applicableSteps(image, build)
    const steps = applicable.provisioners.length + applicable.chains.flat().length
    this.#run.events.say({ type: 'build-started', image: image.name, build, builderType: this.#builder.type, steps })
    const outcome = await this.#unlessUpToDate()
    const error = outcome.error === undefined ? undefined : errorToJson(outcome.error)
    // as it is now: what failed by itself has failed, also when the run is cancelled while its resources are released
    const status: Status =
      error === undefined ? 'succeeded' : this.#run.signal.aborted || error.code === 'CANCELLED' ? 'cancelled' : 'failed'
    this.#output.flush()
    await this.#release(status)
    const durationMs = Math.round(performance.now() - began)
    const { artifacts, upToDate, removed = [], provenance } = outcome
    const ended = { status, durationMs, artifacts, ...(error && { error }), ...(upToDate && { upToDate }) }
    this.#run.events.say({ type: 'build-finished', image: image.name, build, ...ended })
    return {
      ...(outcome.made && { made: outcome.made }),
      report: this.#run.events.redactor.value({
        image: image.name,
        build,
        builderType: this.#builder.type,
        ...ended,
        steps: this.#steps,
        ...(outcome.made && { artifact: outcome.made }),
        ...(removed.length > 0 && { removed }),
        ...(provenance && { provenance }),
      }),
    }
  }

  /** Builds, unless what would be made is there already. What the cache is asked does not begin to run steps. */
  async #unlessUpToDate(): Promise<Outcome> {
    try {
      const found = await this.#cache?.upToDate()
      return found === undefined ? await this.#build() : { ...found, upToDate: true }
    } catch (error) {
      return { artifacts: [], error }
    } finally {
      await this.#cache?.release()
    }
  }

  async #build(): Promise<Outcome> {
    let made: Artifact | undefined
    try {
      const context = await this.#prepare()
      await this.#provenance?.begin()
      made = await this.#make(context)
      this.#machineScope.close()
      await this.#machineScope.releaseAll(this.#deadline())
      const { chains } = applicableSteps(this.#id.image, this.#id.build)
      const postContext = { ...context, resources: this.#buildScope, facts: this.#facts }
      const work = { chains, builder: this.#builder, place: this.#place(), context: postContext, keepFirst: this.#order.isBase }
      const { artifacts, error } = await postProcess(work, made)
      if (error === undefined && !this.#steps.some(({ ignored }) => ignored)) await this.#cache?.keep(made, artifacts)
      const left = artifacts.map(({ artifact }) => artifact)
      if (error !== undefined) return { made, artifacts: left, error }
      const cachedSteps = this.#steps.filter(({ cached }) => cached).map(({ step }) => step.id)
      const provenance = await this.#provenance?.finish(left, cachedSteps)
      return { made, artifacts: left, removed: await this.#afterBuild(made, artifacts), ...(provenance && { provenance }) }
    } catch (error) {
      return { ...(made && { made }), artifacts: made === undefined ? [] : [made], error }
    }
  }

  /** What earlier runs made goes, as the image says; nothing that goes wrong there makes the build fail. */
  async #afterBuild(made: Artifact, artifacts: readonly MadeArtifact[]): Promise<readonly Artifact[]> {
    const { runId, stateDirectory, directory, neededFiles: needed, releaseTimeout: timeout } = this.#run
    const [id, builder, place] = [this.#id, this.#builder, this.#place()]
    return await afterBuild({ id, builder, runId, stateDirectory, directory, needed, timeout, place, made, artifacts })
  }

  async #prepare(): Promise<ComponentContext> {
    const { runId, directory, stateDirectory, events, signal } = this.#run
    const { image, build } = this.#id
    const path = workDirectoryPath(stateDirectory, runId, image.name, build)
    const folder = await this.#buildScope.acquire({
      kind: workDirectory,
      name: path,
      data: { path },
      create: () => makeWorkDirectory(path),
    })
    return {
      runId,
      image: image.name,
      build,
      builderType: this.#builder.type,
      directory,
      workDirectory: folder.value,
      signal,
      resources: this.#machineScope,
      emit: events.emitFor({ image: image.name, build }),
      output: this.#output.write,
      maskSecret: (value) => events.redactor.add(value),
    }
  }

  /** Lets the builder build; when it fails outside the provisioners, `onError` decides as it does for them. */
  async #make(context: ComponentContext): Promise<Artifact> {
    for (;;) {
      let inProvisioner = false
      try {
        const building = this.#builder.build(this.#builderContext(context, (failed) => (inProvisioner = failed)))
        const made = await orAbandon(building, this.#run.signal, graceMs).finally(() => this.#cache?.settled())
        this.#checkProvisioned()
        return made
      } catch (error) {
        if (inProvisioner || this.#run.signal.aborted) throw error
        const { image, build } = this.#id
        const step = { id: 'builder', kind: 'builder', type: this.#builder.type, title: this.#builder.type } as const
        const failure = { image: image.name, build, builderType: this.#builder.type, step, error: errorToJson(error) }
        const answer = await decide(this.#run, failure)
        if (typeof answer === 'object') throw new ImagoError('USAGE', 'a builder cannot be edited while it builds; only provisioners can')
        if (answer !== 'retry') {
          this.#keepResources = answer !== 'cleanup'
          throw error
        }
        await this.#machineScope.releaseAll(this.#deadline())
      }
    }
  }

  /** A builder that forgets the provisioners would make an image in which all of them are missing. */
  #checkProvisioned(): void {
    const { provisioners } = applicableSteps(this.#id.image, this.#id.build)
    if (this.#isProvisioned || provisioners.length === 0) return
    throw new ImagoError('INTERNAL', `builder '${this.#builder.type}' has not run the ${provisioners.length} provisioners of this image`)
  }

  #builderContext(context: ComponentContext, inProvisioner: (failed: boolean) => void): BuildContext {
    const { runId, owner } = this.#run
    const { image, build } = this.#id
    return {
      ...context,
      labels: { 'imago.run': runId, 'imago.image': image.name, 'imago.build': build, 'imago.owner': owner },
      artifact: this.#order.artifact,
      cacheDirectory: this.#run.cacheStore.snapshotsOf(this.#builder.type),
      startsFrom: (material) => this.#provenance?.add(material),
      findSnapshot: async (base) => await this.#cache?.findSnapshot(base),
      step: async (id, title, work) => {
        const ref = { id: `builder.${id}`, kind: 'builder', type: this.#builder.type, title } as const
        let result: { readonly value: Awaited<ReturnType<typeof work>> } | undefined
        await runStep(this.#place(), ref, {}, async (step) => {
          result = { value: await work(step) }
        })
        if (result === undefined) throw new ImagoError('INTERNAL', `${ref.id} ended without a result`)
        return result.value
      },
      provision: async (machine, facts, save) => {
        inProvisioner(true)
        await this.#provision(context, machine, facts, save)
        inProvisioner(false)
      },
    }
  }

  async #provision(
    context: ComponentContext,
    machine: Communicator,
    facts: Partial<Facts> | undefined,
    save: SaveSnapshot | undefined,
  ): Promise<void> {
    const { provisioners, errorCleanup } = applicableSteps(this.#id.image, this.#id.build)
    this.#facts = { ...this.#facts, ...facts }
    this.#isProvisioned = true
    const keepResources = (): void => {
      this.#keepResources = true
    }
    const onError = this.#provenance === undefined ? this.#run.onError : withoutEdits(this.#run.onError)
    const work = { provisioners, errorCleanup, place: this.#place(), context, onError, keepResources }
    const cache = await this.#provisionCache(machine, save)
    await provisionMachine({ ...work, ...(cache && { cache }) }, machine, this.#facts)
  }

  async #provisionCache(machine: Communicator, save: SaveSnapshot | undefined): Promise<ProvisionCache | undefined> {
    const cache = this.#cache
    if (cache === undefined || save === undefined) return undefined
    const keepsProcesses = this.#builder.snapshots?.keepsProcesses === true
    const isQuiet = keepsProcesses ? () => Promise.resolve(true) : await watchProcesses(machine, this.#run.signal)
    await cache.started({ isQuiet, save })
    return {
      ranAt: (index) => cache.cached(index)?.ranAt,
      finished: async (index, isIgnored) => {
        if (isIgnored) cache.taint()
        await cache.finished(index, { isQuiet, save })
      },
      taint: () => cache.taint(),
    }
  }

  #place(): StepPlace {
    const { events, signal } = this.#run
    return { image: this.#id.image.name, build: this.#id.build, events, signal, report: (step) => void this.#steps.push(step) }
  }

  async #release(status: Status): Promise<void> {
    const scopes = [this.#machineScope, this.#buildScope]
    for (const scope of scopes) scope.close()
    if (this.#keepResources && status === 'failed' && !this.#run.signal.aborted) {
      for (const scope of scopes) scope.keepAll()
      return
    }
    const deadline = this.#deadline()
    for (const scope of scopes) await scope.releaseAll(deadline)
  }

  #deadline(): AbortSignal {
    return timeLimit(milliseconds(this.#run.releaseTimeout))
  }
}
