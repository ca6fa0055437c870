import { applicableSteps } from './applicable-steps.ts'
import type { Artifact } from './artifact.ts'
import type { Communicator } from './communicator.ts'
import type { Builder } from './component.ts'
import type { BuildContext, ComponentContext } from './context.ts'
import type { Duration } from './duration.ts'
import { milliseconds } from './duration.ts'
import { errorToJson, ImagoError } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { Status } from './event.ts'
import type { Facts } from './facts.ts'
import type { ArtifactReference } from './image.ts'
import type { Journal } from './journal.ts'
import { postProcess } from './post-processing.ts'
import { decide, provisionMachine } from './provisioning.ts'
import type { BuildReport, StepReport } from './report.ts'
import { ResourceScope } from './resource-scope.ts'
import type { ResourceRecord } from './resources.ts'
import type { OnError } from './run-options.ts'
import type { BuildId } from './selection.ts'
import type { StepPlace } from './step-runner.ts'
import { runStep } from './step-runner.ts'
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
}

/** How a build ended, and what it made, for the builds that start from it. */
export interface JobResult {
  readonly report: BuildReport
  readonly left: readonly ResourceRecord[]
}

/** Runs one build from its start to the release of its last resource. Never rejects: what went wrong is in the report. */
export async function runBuild(run: RunScope, id: BuildId, builder: Builder, artifact: BuildContext['artifact']): Promise<JobResult> {
  const job = new BuildJob(run, id, builder, artifact)
  return job.run()
}

class BuildJob {
  readonly #run: RunScope
  readonly #id: BuildId
  readonly #builder: Builder
  readonly #artifact: BuildContext['artifact']
  readonly #steps: StepReport[] = []
  /** The machine and what it needs; released before post-processing. */
  readonly #machineScope: ResourceScope
  /** The folder for temporary files, and what post-processors acquire. */
  readonly #buildScope: ResourceScope
  #keepResources = false
  #facts: Facts

  constructor(run: RunScope, id: BuildId, builder: Builder, artifact: BuildContext['artifact']) {
    const { runId, journal, events, signal } = run
    this.#run = run
    this.#id = id
    this.#builder = builder
    this.#artifact = artifact
    const scope = { runId, journal, events, signal, image: id.image.name, build: id.build }
    this.#machineScope = new ResourceScope(scope)
    this.#buildScope = new ResourceScope(scope)
    this.#facts = { buildName: id.build, builderType: builder.type, runId, image: id.image.name }
  }

  async run(): Promise<JobResult> {
    const { image, build } = this.#id
    const began = performance.now()
    const applicable = applicableSteps(image, build)
    const steps = applicable.provisioners.length + applicable.chains.flat().length
    this.#run.events.say({ type: 'build-started', image: image.name, build, builderType: this.#builder.type, steps })
    const outcome = await this.#build()
    const left = await this.#release()
    const error = outcome.error === undefined ? undefined : errorToJson(outcome.error)
    const status: Status =
      error === undefined ? 'succeeded' : this.#run.signal.aborted || error.code === 'CANCELLED' ? 'cancelled' : 'failed'
    const durationMs = Math.round(performance.now() - began)
    const { artifacts } = outcome
    this.#run.events.say({ type: 'build-finished', image: image.name, build, status, durationMs, artifacts, ...(error && { error }) })
    return {
      left,
      report: this.#run.events.redactor.value({
        image: image.name,
        build,
        builderType: this.#builder.type,
        status,
        durationMs,
        artifacts,
        steps: this.#steps,
        ...(outcome.made && { artifact: outcome.made }),
        ...(error && { error }),
      }),
    }
  }

  async #build(): Promise<{ readonly made?: Artifact; readonly artifacts: readonly Artifact[]; readonly error?: unknown }> {
    let made: Artifact | undefined
    try {
      const context = await this.#prepare()
      made = await this.#make(context)
      await this.#machineScope.releaseAll(this.#deadline())
      const { chains } = applicableSteps(this.#id.image, this.#id.build)
      const postContext = { ...context, resources: this.#buildScope, facts: this.#facts }
      return { made, ...(await postProcess({ chains, builder: this.#builder, place: this.#place(), context: postContext }, made)) }
    } catch (error) {
      return { ...(made && { made }), artifacts: made === undefined ? [] : [made], error }
    }
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
    const at = { image: image.name, build }
    const output = events.outputFor(at)
    return {
      runId,
      image: image.name,
      build,
      builderType: this.#builder.type,
      directory,
      workDirectory: folder.value,
      signal,
      resources: this.#machineScope,
      emit: events.emitFor(at),
      output: output.write,
      maskSecret: (value) => events.redactor.add(value),
    }
  }

  /** Lets the builder build; when it fails outside the provisioners, `onError` decides as it does for them. */
  async #make(context: ComponentContext): Promise<Artifact> {
    for (;;) {
      let inProvisioner = false
      try {
        return await this.#builder.build(this.#builderContext(context, (failed) => (inProvisioner = failed)))
      } catch (error) {
        if (inProvisioner || this.#run.signal.aborted) throw error
        const { image, build } = this.#id
        const step = { id: 'builder', kind: 'builder', type: this.#builder.type, title: this.#builder.type } as const
        const failure = { image: image.name, build, builderType: this.#builder.type, step, error: errorToJson(error) }
        const answer = await decide(this.#run.onError, failure, this.#run.signal)
        if (answer !== 'retry') {
          this.#keepResources = answer !== 'cleanup'
          throw error
        }
        await this.#machineScope.releaseAll(this.#deadline())
      }
    }
  }

  #builderContext(context: ComponentContext, inProvisioner: (failed: boolean) => void): BuildContext {
    const { runId, owner } = this.#run
    const { image, build } = this.#id
    return {
      ...context,
      labels: { 'imago.run': runId, 'imago.image': image.name, 'imago.build': build, 'imago.owner': owner },
      artifact: this.#artifact,
      step: async (id, title, work) => {
        const ref = { id: `builder.${id}`, kind: 'builder', type: this.#builder.type, title } as const
        let result: { readonly value: Awaited<ReturnType<typeof work>> } | undefined
        await runStep(this.#place(), ref, {}, async (step) => {
          result = { value: await work(step) }
        })
        if (result === undefined) throw new ImagoError('INTERNAL', `${ref.id} ended without a result`)
        return result.value
      },
      provision: async (machine, facts) => {
        inProvisioner(true)
        await this.#provision(context, machine, facts)
        inProvisioner(false)
      },
    }
  }

  async #provision(context: ComponentContext, machine: Communicator, facts: Partial<Facts> | undefined): Promise<void> {
    const { provisioners, errorCleanup } = applicableSteps(this.#id.image, this.#id.build)
    this.#facts = { ...this.#facts, ...facts }
    const keepResources = (): void => {
      this.#keepResources = true
    }
    const work = { provisioners, errorCleanup, place: this.#place(), context, onError: this.#run.onError, keepResources }
    await provisionMachine(work, machine, this.#facts)
  }

  #place(): StepPlace {
    const { events, signal } = this.#run
    return { image: this.#id.image.name, build: this.#id.build, events, signal, report: (step) => void this.#steps.push(step) }
  }

  async #release(): Promise<ResourceRecord[]> {
    if (this.#keepResources && !this.#run.signal.aborted) return [...this.#machineScope.keepAll(), ...this.#buildScope.keepAll()]
    const deadline = this.#deadline()
    return [...(await this.#machineScope.releaseAll(deadline)), ...(await this.#buildScope.releaseAll(deadline))]
  }

  #deadline(): AbortSignal {
    return AbortSignal.timeout(milliseconds(this.#run.releaseTimeout))
  }
}

/** What another build made, for a builder that refers to it. @throws ImagoError `BUILD_FAILED` when it was not built */
export function artifactFor(reference: ArtifactReference, report: BuildReport | undefined): Artifact {
  if (report?.artifact !== undefined && report.status === 'succeeded') return report.artifact
  throw new ImagoError('BUILD_FAILED', `'${reference.image.name}.${reference.build}', which this build starts from, was not built`, {
    hint: 'see why that one failed',
  })
}
