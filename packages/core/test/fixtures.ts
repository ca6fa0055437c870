import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type {
  Artifact,
  BuildContext,
  BuildEvent,
  Builder,
  Communicator,
  FilesArtifact,
  PostProcessContext,
  PostProcessor,
  PostProcessorOptions,
  ProvisionContext,
  Provisioner,
  ResourceKind,
  RunOptions,
  Scope,
  StepOptions,
} from '../src/index.ts'
import { splitStepOptions } from '../src/index.ts'

/** A machine that accepts everything. */
export const machine: Communicator = {
  exec: () => Promise.resolve({ exitCode: 0 }),
  upload: () => Promise.resolve(),
  download: () => Promise.resolve(),
  stat: () => Promise.resolve(undefined),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

export interface ThingArtifact extends Artifact {
  readonly type: 'thing'
}

/** A builder that provisions `machine` and makes a thing. */
export function thing(
  options: { readonly build?: (ctx: BuildContext) => Promise<void>; readonly pool?: Builder['pool']; readonly from?: unknown } = {},
): Builder<ThingArtifact> {
  return {
    kind: 'builder',
    type: 'thing',
    options: { from: options.from },
    makes: { type: 'thing', files: false },
    ...(options.pool && { pool: options.pool }),
    build: async (ctx) => {
      await options.build?.(ctx)
      await ctx.provision(machine)
      return { type: 'thing', id: `${ctx.image}.${ctx.build}` }
    },
  }
}

/** A builder of artifacts that consist of files. */
export function files(write: (ctx: BuildContext) => Promise<FilesArtifact>): Builder<FilesArtifact> {
  return {
    kind: 'builder',
    type: 'files',
    options: {},
    makes: { type: 'files', files: true },
    build: async (ctx) => {
      await ctx.provision(machine)
      return write(ctx)
    },
  }
}

/** A provisioner that does what the function says. */
export function step<const N extends string = never>(
  work: (ctx: ProvisionContext) => Promise<void> | void,
  options: { readonly given?: unknown } & StepOptions & Scope<N> = {},
): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return { kind: 'provisioner', type: 'step', ...common, options: own, provision: async (ctx) => work(ctx) }
}

/** A post-processor of files that does what the function says. */
export function post<const O extends string = never, const X extends string = never>(
  work: (input: FilesArtifact, ctx: PostProcessContext) => Promise<FilesArtifact>,
  options: { readonly input?: 'kept' | 'removed' | 'needed' } & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<FilesArtifact, FilesArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'post-processor',
    type: 'post',
    ...common,
    options: own,
    takes: 'files',
    makes: { type: 'files', files: true },
    input: options.input ?? 'removed',
    process: work,
  }
}

/** A folder that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'imago-core-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Options for a run in a folder of its own, and the events that it says. */
export async function runOptions(): Promise<
  RunOptions & { readonly directory: string; readonly stateDirectory: string; readonly events: BuildEvent[] }
> {
  const directory = await temporaryDirectory()
  const events: BuildEvent[] = []
  return { directory, stateDirectory: join(directory, '.imago'), events, onEvent: (event) => void events.push(event) }
}

/** A kind of resource that exists in an array. */
export function shelf(): { readonly things: string[]; readonly log: string[]; readonly kind: ResourceKind<{ readonly place: string }> } {
  const things: string[] = []
  const log: string[] = []
  return {
    things,
    log,
    kind: {
      kind: 'thing',
      package: 'shelf',
      destroy: (record) => {
        log.push(`destroy ${record.name}`)
        if (record.name.startsWith('stuck')) return Promise.reject(new Error('it is stuck'))
        const index = things.indexOf(record.name)
        if (index >= 0) things.splice(index, 1)
        return Promise.resolve()
      },
    },
  }
}
