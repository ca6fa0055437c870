import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type {
  Artifact,
  ArtifactReference,
  BuildContext,
  Communicator,
  ComponentContext,
  Emit,
  Facts,
  Material,
  PostProcessContext,
  ProvisionContext,
  SaveSnapshot,
} from '@imago/core'
import { factsEnvironment, ImagoError } from '@imago/core'

import { fakeMachine } from './fake-machine.ts'
import { FakeResources } from './fake-resources.ts'

/** What a component said through its context. */
export interface Said {
  /** Progress and messages, in order. */
  readonly events: readonly Parameters<Emit>[0][]
  /** Output of commands, as UTF-8. */
  readonly stdout: string
  /** See `stdout`. */
  readonly stderr: string
  /** What it asked to mask. */
  readonly secrets: readonly string[]
}

/** A context for a unit test, with what was said and acquired through it. */
export type TestContext<C extends ComponentContext> = Omit<C, 'resources'> & { readonly said: Said; readonly resources: FakeResources }

/** What the contexts of unit tests take: anything that the context holds, and nothing is required. */
type Overrides<C extends ComponentContext> = Partial<Omit<C, 'resources' | 'emit' | 'output' | 'maskSecret'>>

/** What {@link buildContext} takes beside the parts of the context. */
export interface BuildContextOptions extends Overrides<Omit<BuildContext, 'artifact' | 'startsFrom' | 'step' | 'provision'>> {
  /** What other builds made, by `image.build`, for references made with `artifactOf`. @default none */
  readonly artifacts?: Readonly<Record<string, Artifact>>
  /** Stands for the provisioners. @default does nothing */
  readonly provision?: (machine: Communicator, facts?: Partial<Facts>, save?: SaveSnapshot) => Promise<void>
}

/** What a {@link buildContext} recorded. */
export interface RecordedBuild {
  /** The builder's own steps, in the order in which they began. */
  readonly steps: readonly { readonly id: string; readonly title: string }[]
  /** What it said that the machine starts from. */
  readonly materials: readonly Material[]
  /** Each call of `provision`. */
  readonly provisioned: readonly { readonly machine: Communicator; readonly facts: Partial<Facts> }[]
}

/**
 * A context for the unit test of a provisioner. `workDirectory` names a folder that does not exist: give one where it is used.
 * @example await provisioner.provision(provisionContext({ machine: fakeMachine() }))
 */
export function provisionContext(overrides: Overrides<ProvisionContext> = {}): TestContext<ProvisionContext> {
  const base = componentContext(overrides)
  const facts = overrides.facts ?? factsOf(base)
  return Object.assign(base, {
    machine: overrides.machine ?? fakeMachine(),
    facts,
    env: overrides.env ?? factsEnvironment(facts),
  })
}

/**
 * A context for the unit test of a post-processor. `workDirectory` names a folder that does not exist: give one where it is used.
 * @example await checksum().process(artifact, postProcessContext({ directory }))
 */
export function postProcessContext(overrides: Overrides<PostProcessContext> = {}): TestContext<PostProcessContext> {
  const base = componentContext(overrides)
  return Object.assign(base, { facts: overrides.facts ?? factsOf(base) })
}

/**
 * A context for the unit test of a builder. `workDirectory` names a folder that does not exist: give one where it is used.
 * @example await docker({ image: 'debian:12' }).build(buildContext({ provision: async (machine) => { await machine.exec('id') } }))
 */
export function buildContext(options: BuildContextOptions = {}): TestContext<BuildContext> & RecordedBuild {
  const base = componentContext(options)
  const steps: { id: string; title: string }[] = []
  const materials: Material[] = []
  const provisioned: { machine: Communicator; facts: Partial<Facts> }[] = []
  return Object.assign(base, {
    labels: options.labels ?? { 'imago.run': base.runId, 'imago.image': base.image, 'imago.build': base.build },
    steps,
    provisioned,
    materials,
    artifact: <A extends Artifact>(reference: ArtifactReference<A>): A => {
      const name = `${reference.image.name}.${reference.build}`
      const artifact = options.artifacts?.[name]
      if (artifact === undefined) throw new ImagoError('INTERNAL', `this test gives no artifact of ${name}`)
      return artifact as A // the test says which
    },
    cacheDirectory: options.cacheDirectory ?? join(tmpdir(), 'imago-no-cache'),
    startsFrom: (material: Material): void => void materials.push(material),
    findSnapshot: async (base: object): Promise<string | undefined> => await options.findSnapshot?.(base),
    step: async <T>(id: string, title: string, run: (step: TestContext<ComponentContext>) => Promise<T>): Promise<T> => {
      steps.push({ id, title })
      return await run(base)
    },
    provision: async (machine: Communicator, facts: Partial<Facts> = {}, save?: SaveSnapshot): Promise<void> => {
      provisioned.push({ machine, facts })
      await options.provision?.(machine, facts, save)
    },
  })
}

function componentContext(overrides: Overrides<ComponentContext>): TestContext<ComponentContext> {
  const { runId = 'testrun0', image = 'image', build = 'fake' } = overrides
  const events: Parameters<Emit>[0][] = []
  const secrets: string[] = []
  const chunks: { readonly stream: 'stdout' | 'stderr'; readonly chunk: Uint8Array }[] = []
  const text = (stream: 'stdout' | 'stderr'): string =>
    Buffer.concat(chunks.filter((each) => each.stream === stream).map((each) => each.chunk)).toString('utf8')
  return {
    runId,
    image,
    build,
    builderType: overrides.builderType ?? 'fake',
    directory: overrides.directory ?? process.cwd(),
    workDirectory: overrides.workDirectory ?? join(tmpdir(), 'imago-no-work-directory'),
    signal: overrides.signal ?? new AbortController().signal,
    resources: new FakeResources({ runId, image, build }),
    emit: (event) => events.push(event),
    output: (stream, chunk) => chunks.push({ stream, chunk: Uint8Array.from(chunk) }),
    maskSecret: (value) => secrets.push(value),
    said: {
      events,
      secrets,
      get stdout() {
        return text('stdout')
      },
      get stderr() {
        return text('stderr')
      },
    },
  }
}

function factsOf(context: TestContext<ComponentContext>): Facts {
  const { build, builderType, runId, image } = context
  return { buildName: build, builderType, runId, image }
}
