import { rm } from 'node:fs/promises'

import type { Artifact, ArtifactShape, BuildContext, Builder, Facts, Issue, Plugin, ResourceKind } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { FakeMachine } from './fake-machine.ts'
import { fakeMachine } from './fake-machine.ts'

/** What a fake builder makes when it is told nothing else. */
export interface FakeArtifact extends Artifact {
  readonly type: 'fake'
}

/** Where a fake builder is: at the check before a run, before the machine, the provisioners and the artifact, before the machine or the artifact goes. */
export type FakePhase = 'preflight' | 'create' | 'provision' | 'artifact' | 'destroy' | 'destroy-artifact'

/** What {@link fakeBuilder} takes. */
export interface FakeBuilderOptions<A extends Artifact = FakeArtifact> {
  /** @default 'fake' */
  readonly type?: string
  /** What it makes. @default `{ type: 'fake', id: 'fake-<image>-<build>' }` */
  readonly artifact?: A | ((context: BuildContext) => A | Promise<A>)
  /** What it says beforehand that it makes. @default what `artifact` is, where that is no function */
  readonly makes?: ArtifactShape
  /** The machine it hands to the provisioners. @default a new one for each build */
  readonly machine?: FakeMachine
  /** What it adds to the facts. @default nothing */
  readonly facts?: Partial<Facts>
  /** Fails there. @default nowhere */
  readonly failAt?: FakePhase
  /** What it fails with. @default PROVIDER_FAILED */
  readonly error?: Error
  /** Called at each phase; may throw, or wait for the signal. @default does nothing */
  readonly onPhase?: (phase: FakePhase, signal: AbortSignal) => void | Promise<void>
  /** Problems that it reports of its options. @default none */
  readonly issues?: readonly Issue[]
  /** Problems that it finds before the build. @default none */
  readonly preflightIssues?: readonly Issue[]
  /** @default no limit */
  readonly pool?: Builder['pool']
}

/** A builder that {@link fakeBuilder} made. */
export interface FakeBuilder<A extends Artifact = FakeArtifact> extends Builder<A> {
  /** The phases it went through, in order, of all its builds. */
  readonly phases: readonly FakePhase[]
  /** The machines it handed over, in order. */
  readonly machines: readonly FakeMachine[]
  /** The artifacts it was told to remove. */
  readonly destroyed: readonly Artifact[]
}

const packageName = '@imago/testing'
const machineKind = 'fake-machine'

/** Lets `imago sweep` tick off what a killed test left in the journal: the machines were in its memory. */
export const plugin: Plugin = {
  name: packageName,
  resourceKinds: [{ kind: machineKind, package: packageName, destroy: () => Promise.resolve() }],
}

/**
 * A builder that makes nothing: its machine is in memory, its artifact is what it is told.
 * @example const image = defineImage({ name: 'cow', builders: { fake: fakeBuilder({ failAt: 'create' }) } })
 */
export function fakeBuilder(options?: FakeBuilderOptions): FakeBuilder
export function fakeBuilder<const A extends Artifact>(
  options: FakeBuilderOptions<A> & { readonly artifact: FakeBuilderOptions<A>['artifact'] },
): FakeBuilder<A>
export function fakeBuilder(options: FakeBuilderOptions<Artifact> = {}): FakeBuilder<Artifact> {
  const phases: FakePhase[] = []
  const machines: FakeMachine[] = []
  const destroyed: Artifact[] = []
  const enter = async (phase: FakePhase, signal: AbortSignal): Promise<void> => {
    phases.push(phase)
    await options.onPhase?.(phase, signal)
    if (options.failAt === phase) throw options.error ?? new ImagoError('PROVIDER_FAILED', `the fake builder fails at ${phase}`)
  }
  const kind: ResourceKind = {
    kind: machineKind,
    package: packageName,
    destroy: async (_record, signal) => await enter('destroy', signal),
  }
  return {
    kind: 'builder',
    type: options.type ?? 'fake',
    options: {},
    makes: options.makes ?? shapeOf(options.artifact),
    ...(options.pool !== undefined && { pool: options.pool }),
    phases,
    machines,
    destroyed,
    validate: () => options.issues ?? [],
    async preflight({ signal }) {
      await enter('preflight', signal)
      return options.preflightIssues ?? []
    },
    async build(context) {
      const { value: machine } = await context.resources.acquire({
        kind,
        name: `${machineKind}-${context.runId}-${context.build}`,
        data: {},
        create: async () => {
          await enter('create', context.signal)
          return options.machine ?? fakeMachine({ name: context.build })
        },
      })
      machines.push(machine)
      await enter('provision', context.signal)
      await context.provision(machine, options.facts)
      await enter('artifact', context.signal)
      return await artifactOf(options.artifact, context)
    },
    async destroyArtifact(artifact, { signal }) {
      await enter('destroy-artifact', signal)
      for (const { path } of artifact.files ?? []) await rm(path, { force: true })
      destroyed.push(artifact)
    },
  }
}

function shapeOf(artifact: FakeBuilderOptions<Artifact>['artifact']): ArtifactShape {
  if (artifact === undefined || typeof artifact === 'function') return { type: 'fake', files: false }
  return { type: artifact.type, files: artifact.files !== undefined }
}

async function artifactOf(artifact: FakeBuilderOptions<Artifact>['artifact'], context: BuildContext): Promise<Artifact> {
  if (typeof artifact === 'function') return await artifact(context)
  return artifact ?? { type: 'fake', id: `fake-${context.image}-${context.build}` }
}
