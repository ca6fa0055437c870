import type { BuildEvent, EventListener, StepRef } from '@imago/core'

/** The event of one type. */
export type EventOf<T extends BuildEvent['type'], E extends BuildEvent = BuildEvent> = E extends BuildEvent
  ? T extends E['type']
    ? E & { readonly type: T }
    : never
  : never

/** Collects what a run says, and answers questions about it. */
export class Recorder {
  readonly #events: BuildEvent[] = []

  /** Give it to the run. */
  readonly onEvent: EventListener = (event) => {
    this.#events.push(event)
  }

  /** Every event, in order. */
  get events(): readonly BuildEvent[] {
    return this.#events
  }

  /** The events of one type, of one build or of all. */
  of<T extends BuildEvent['type']>(type: T, build?: string): readonly EventOf<T>[] {
    const isOne = (event: BuildEvent): event is EventOf<T> => event.type === type
    return this.#events.filter(isOne).filter((event) => build === undefined || ('build' in event && event.build === build))
  }

  /** The output of a build's commands, or of all, as one text. */
  output(build?: string, stream?: 'stdout' | 'stderr'): string {
    return this.of('output', build)
      .filter((event) => stream === undefined || event.stream === stream)
      .map((event) => event.text)
      .join('')
  }

  /** The steps of a build in the order in which they began, with how each attempt ended. */
  steps(build?: string): readonly { readonly step: StepRef; readonly status: 'running' | 'succeeded' | 'failed' | 'cancelled' }[] {
    const finished = this.of('step-finished', build)
    return this.of('step-started', build).map(({ build: name, image, step, attempt }) => {
      const end = finished.find(
        (event) => event.build === name && event.image === image && event.step.id === step.id && event.attempt === attempt,
      )
      return { step, status: end?.status ?? 'running' }
    })
  }

  /** What began and did not end, or ended without having begun; empty after a run that is over. */
  unbalanced(): readonly string[] {
    const open = new Map<string, number>()
    for (const event of this.#events) {
      const change = changeOf(event)
      if (change !== undefined) open.set(change.what, (open.get(change.what) ?? 0) + change.by)
    }
    return [...open].filter(([, count]) => count !== 0).map(([what]) => what)
  }
}

/** Collects what a run says. @example const events = recorder(); await run(image, { onEvent: events.onEvent }) */
export function recorder(): Recorder {
  return new Recorder()
}

/** What an event begins (+1) or ends (-1). */
function changeOf(event: BuildEvent): { readonly what: string; readonly by: 1 | -1 } | undefined {
  switch (event.type) {
    case 'run-started':
      return { what: 'run', by: 1 }
    case 'run-finished':
      return { what: 'run', by: -1 }
    case 'build-started':
      return { what: `build ${event.image}.${event.build}`, by: 1 }
    case 'build-finished':
      return { what: `build ${event.image}.${event.build}`, by: -1 }
    case 'step-started':
      return { what: `step ${event.image}.${event.build} ${event.step.id} attempt ${event.attempt}`, by: 1 }
    case 'step-finished':
      return { what: `step ${event.image}.${event.build} ${event.step.id} attempt ${event.attempt}`, by: -1 }
    case 'resource-acquired':
      return { what: `resource ${event.image}.${event.build} ${event.resource.kind} ${event.resource.name}`, by: 1 }
    case 'resource-released':
    case 'resource-release-failed':
    case 'resource-kept':
      return { what: `resource ${event.image}.${event.build} ${event.resource.kind} ${event.resource.name}`, by: -1 }
    default:
      return undefined
  }
}
