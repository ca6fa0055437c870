import { AssertionError } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Artifact, ArtifactShape, Builder, BuildName, Builders, Image, Report, Selection } from '@imago/core'
import { run } from '@imago/core'

import { fakeBuilder } from './fake-builder.ts'
import type { FakeMachine } from './fake-machine.ts'
import { fakeMachine } from './fake-machine.ts'
import type { Recorder } from './recorder.ts'
import { recorder } from './recorder.ts'

/** What {@link rehearse} takes. */
export interface RehearsalOptions<B extends Builders> extends Selection<BuildName<B>> {
  /** The machines of builds that need answers of their own. @default one that succeeds at every command */
  readonly machines?: { readonly [K in BuildName<B>]?: FakeMachine }
  /** Relative local paths in the definition are relative to this folder. @default the current folder */
  readonly directory?: string
  /** Whether a build may fail: for tests of what happens then. @default false */
  readonly mayFail?: boolean
}

/** What a {@link rehearse} ends with. */
export interface Rehearsal<B extends Builders> {
  /** What each build's machine saw. A build that was not selected has a machine that saw nothing. */
  readonly machines: { readonly [K in BuildName<B>]: FakeMachine }
  /** What was said. */
  readonly events: Recorder
  readonly report: Report
}

/**
 * Runs the provisioners of an image on fake machines: no provider is needed and nothing is built. Local files are really read,
 * downloads really written, and the provisioner `shellLocal` really runs. Post-processors are checked and counted, and do nothing.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definition; AssertionError when a build fails and may not.
 * @example
 * const { machines } = await rehearse(image)
 * expectMachine(machines.docker).toHaveRun(/apt-get install/)
 */
export async function rehearse<const B extends Builders>(image: Image<B>, options: RehearsalOptions<B> = {}): Promise<Rehearsal<B>> {
  const { machines: given = {}, mayFail = false, ...selection } = options
  const machines = Object.fromEntries(
    Object.keys(image.builders).map((build) => [build, machineOf(given, build) ?? fakeMachine({ name: build })]),
  ) as Rehearsal<B>['machines'] // one for each builder, just here
  const builders = Object.entries(image.builders).map(([build, builder]) => [build, standIn(builder, machineOf(machines, build))] as const)
  const events = recorder()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'imago-rehearsal-'))
  try {
    const subject: Image = {
      ...image,
      builders: Object.fromEntries(builders),
      postProcessors: image.postProcessors.map((chain) => chain.map(withoutEffect)),
    }
    const report = await run(subject, { ...selection, stateDirectory, onEvent: events.onEvent })
    if (!mayFail && report.status !== 'succeeded') throw new AssertionError({ message: describeFailure(report) })
    return { machines, events, report }
  } finally {
    await rm(stateDirectory, { recursive: true, force: true })
  }
}

/** A fake builder that is checked like the real one and called like it. Its options hold no references: nothing has to be built first. */
function standIn(builder: Builder, machine: FakeMachine | undefined): Builder {
  const artifact = rehearsed(builder.makes)
  return {
    ...fakeBuilder({ type: builder.type, artifact, makes: builder.makes, ...(machine !== undefined && { machine }) }),
    validate: () => builder.validate?.() ?? [],
    inputs: () => builder.inputs?.() ?? [],
  }
}

/** A post-processor that is checked like the real one and does nothing. */
function withoutEffect(step: Image['postProcessors'][number][number]): Image['postProcessors'][number][number] {
  return {
    ...step,
    process: (input: Artifact) => Promise.resolve(step.makes === 'same' ? input : rehearsed(step.makes)),
    destroyArtifact: () => Promise.resolve(),
  }
}

function rehearsed({ type, files }: ArtifactShape): Artifact {
  return { type, id: 'rehearsed', ...(files && { files: [] }) }
}

function machineOf(machines: { readonly [name: string]: FakeMachine | undefined }, build: string): FakeMachine | undefined {
  return machines[build]
}

function describeFailure(report: Report): string {
  const failures = report.builds.flatMap(({ build, steps, error }) => {
    const step = steps.find((each) => each.error !== undefined && each.ignored !== true)
    const where = step === undefined ? build : `${build}, ${step.step.id} (${step.step.title})`
    return error === undefined ? [] : [`  ${where}: ${error.message}`]
  })
  return ['the rehearsal failed:', ...failures].join('\n')
}
