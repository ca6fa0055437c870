import type { BuildEvent, ErrorJson, PlannedBuild, PlannedStep, StepRef } from '@imago/core'

/** An event without what all have in common. */
type Said = BuildEvent extends infer E ? (E extends BuildEvent ? Omit<E, 'runId' | 'time' | 'image' | 'build'> : never) : never

/** An image and a build of it. */
export type Place = readonly [image: string, build: string]

const day = Date.parse('2026-01-02T03:04:05.000Z')

/** An event of a run, so many milliseconds after it began. */
export function event(at: number, said: Said, [image, build]: Place = ['web', 'docker']): BuildEvent {
  const inBuild = said.type === 'run-started' || said.type === 'run-finished' ? {} : { image, build }
  return { runId: 'a1b2c3d4', time: new Date(day + at).toISOString(), ...inBuild, ...said } as BuildEvent // put together again
}

/** A run of these builds begins. */
export function runStarted(...places: readonly Place[]): BuildEvent {
  return event(0, { type: 'run-started', builds: places.map(([image, build]) => ({ image, build, builderType: 'docker' })) })
}

/** A provisioner of a definition. */
export function provisioner(index: number, type: string, title: string): StepRef {
  return { id: `provisioners[${index}]`, kind: 'provisioner', type, title }
}

/** A post-processor of a definition. */
export function postProcessor(chain: number, index: number, type: string, title: string = type): StepRef {
  return { id: `postProcessors[${chain}][${index}]`, kind: 'post-processor', type, title }
}

/** A builder's own step. */
export function builderStep(name: string, title: string): StepRef {
  return { id: `builder.${name}`, kind: 'builder', type: 'docker', title }
}

interface Attempt {
  readonly from: number
  readonly to: number
  /** @default 'succeeded' */
  readonly status?: 'succeeded' | 'failed' | 'cancelled'
  /** @default 1 */
  readonly attempt?: number
  readonly error?: ErrorJson
  readonly ignored?: true
  readonly retryInMs?: number
  /** What it says on stdout, */
  readonly said?: string
  /** and on stderr. */
  readonly complained?: string
}

/** The events of an attempt at a step. */
export function attemptAt(place: Place, step: StepRef, { from, to, said, complained, attempt = 1, ...rest }: Attempt): BuildEvent[] {
  const output = (stream: 'stdout' | 'stderr', text: string | undefined): BuildEvent[] =>
    text === undefined ? [] : [event(from + 1, { type: 'output', stream, text, step: step.id }, place)]
  return [
    event(from, { type: 'step-started', step, attempt }, place),
    ...output('stdout', said),
    ...output('stderr', complained),
    event(to, { type: 'step-finished', step, attempt, status: 'succeeded', durationMs: to - from, ...rest }, place),
  ]
}

/** The progress of a transfer of a step, in equal parts. */
export function transferOf(
  place: Place,
  step: StepRef,
  task: string,
  { from, to, bytes }: { readonly from: number; readonly to: number; readonly bytes: number },
): BuildEvent[] {
  return [0, 0.5, 1].map((part) =>
    event(from + (to - from) * part, { type: 'progress', task, done: bytes * part, total: bytes, unit: 'bytes', step: step.id }, place),
  )
}

/** A build that is planned to run these steps. */
export function plannedBuild(build: string, steps: readonly StepRef[], said: Partial<PlannedBuild> = {}): PlannedBuild {
  const planned = (kind: StepRef['kind']): PlannedStep[] =>
    steps.filter((step) => step.kind === kind).map((step) => ({ ...step, options: {} }))
  const chains = new Map<string, PlannedStep[]>()
  for (const step of planned('post-processor')) {
    const chain = step.id.replace(/\[\d+\]$/, '')
    chains.set(chain, [...(chains.get(chain) ?? []), step])
  }
  return {
    build,
    builderType: 'docker',
    makes: { type: 'docker-image', files: false },
    options: {},
    after: [],
    provisioners: planned('provisioner'),
    errorCleanup: planned('error-cleanup'),
    postProcessors: [...chains.values()],
    ...said,
  }
}

/** Events in the order in which they happen. */
export function sorted(events: readonly BuildEvent[]): BuildEvent[] {
  return events.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
}
