import { ImagoError, messageOf } from './error.ts'
import type { BuildEvent, Emit, EventListener, Output } from './event.ts'
import { OutputLines } from './output-lines.ts'
import type { Redactor } from './redactor.ts'

type WithoutRun<E> = E extends BuildEvent ? Omit<E, 'runId' | 'time'> : never
/** An event as the runner makes it, before the run and the time are added. */
export type RunnerEvent = WithoutRun<BuildEvent>

/** Where a component's words are to be placed. */
export interface EventPlace {
  readonly image: string
  readonly build: string
  /** `StepRef.id`; absent between steps. */
  readonly step?: string
}

/** Gives every event its run and its time, masks secrets, and hands it to the listener. */
export class EventBus {
  readonly redactor: Redactor
  readonly #runId: string
  readonly #listener: EventListener | undefined
  #failure: ImagoError | undefined
  #over = false

  constructor(runId: string, redactor: Redactor, listener: EventListener | undefined) {
    this.#runId = runId
    this.redactor = redactor
    this.#listener = listener
  }

  /** The first error that the listener threw. It does not disturb the run, which would leave things behind. */
  get failure(): ImagoError | undefined {
    return this.#failure
  }

  /** Says an event. Nothing more is said when the run has finished, by work that was abandoned. */
  say(event: RunnerEvent): void {
    if (this.#over) return
    this.#over = event.type === 'run-finished'
    const { type, ...rest } = event.type === 'output' ? event : this.redactor.value(event)
    try {
      // the parts of one event put together again, in the order in which people read them
      this.#listener?.({ type, runId: this.#runId, time: new Date().toISOString(), ...rest } as BuildEvent)
    } catch (error) {
      this.#failure ??= new ImagoError('INTERNAL', `the listener of events failed at '${type}': ${messageOf(error)}`, { cause: error })
    }
  }

  /** What a component gets as `emit`. */
  emitFor(place: EventPlace): Emit {
    return (event) => this.say({ ...event, ...place })
  }

  /** What a component's `output` writes to; to be flushed when the step ends. */
  outputFor(place: EventPlace): OutputLines {
    return new OutputLines(this.redactor, (stream, text) =>
      this.say({ type: 'output', ...place, stream, text } satisfies Omit<Output, 'runId' | 'time'>),
    )
  }
}
