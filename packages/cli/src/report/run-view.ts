import type { BuildEvent, BuildRef, Status, StepRef } from '@imago/core'

import { endingOf } from './ending.ts'
import type { Label } from './labels.ts'
import { buildKey, labelsOf } from './labels.ts'
import { ProgressMeter } from './progress-meter.ts'
import { StepNumbers } from './step-numbers.ts'

/** A step that runs just now. */
interface RunningStep {
  readonly step: StepRef
  /** `'2/5'`; builders' own steps are not counted. */
  readonly number: string | undefined
  readonly attempt: number
}

/** How a build is doing. */
export interface BuildView {
  readonly label: Label
  status: 'waiting' | 'running' | Status
  /** In a word or two, when it has ended. */
  ending: string
  startedAt: number
  durationMs: number
  /** The first line of its error. */
  error: string | undefined
  /** By the step's id, in the order they began. */
  readonly running: Map<string, RunningStep>
  /** By step and task. */
  readonly tasks: Map<string, ProgressMeter>
}

/** How the builds of a run are doing, as far as events have told. */
export class RunView {
  readonly #builds = new Map<string, BuildView>()
  readonly #steps = new StepNumbers()

  /** In the order of the run. */
  get builds(): readonly BuildView[] {
    return [...this.#builds.values()]
  }

  onEvent(event: BuildEvent): void {
    this.#steps.onEvent(event)
    if (event.type === 'run-started') this.#begin(event.builds)
    const build = 'build' in event ? this.#builds.get(buildKey(event)) : undefined
    if (build !== undefined) this.#apply(event, build)
  }

  #begin(refs: readonly BuildRef[]): void {
    for (const [key, label] of labelsOf(refs)) {
      this.#builds.set(key, {
        label,
        status: 'waiting',
        ending: '',
        startedAt: 0,
        durationMs: 0,
        error: undefined,
        running: new Map(),
        tasks: new Map(),
      })
    }
  }

  #apply(event: BuildEvent, build: BuildView): void {
    switch (event.type) {
      case 'build-started':
        build.status = 'running'
        build.startedAt = Date.parse(event.time)
        break
      case 'build-finished':
        build.status = event.status
        build.ending = endingOf(event)
        build.durationMs = event.durationMs
        build.error = event.error?.message.split('\n', 1)[0]
        build.running.clear()
        build.tasks.clear()
        break
      case 'step-started': {
        const { step, attempt } = event
        build.running.set(step.id, { step, attempt, number: this.#steps.numberOf(event, step) })
        break
      }
      case 'step-finished':
        build.running.delete(event.step.id)
        for (const key of build.tasks.keys()) if (key.startsWith(taskKey(event.step.id, ''))) build.tasks.delete(key)
        break
      case 'progress': {
        const key = taskKey(event.step ?? '', event.task)
        const meter = build.tasks.get(key)
        if (event.total !== undefined && event.done >= event.total) build.tasks.delete(key)
        else if (meter === undefined) build.tasks.set(key, new ProgressMeter(event))
        else meter.update(event)
        break
      }
      case 'run-started':
      case 'run-finished':
      case 'step-cached':
      case 'output':
      case 'message':
      case 'artifact-removed':
      case 'resource-acquired':
      case 'resource-released':
      case 'resource-release-failed':
      case 'resource-kept':
        break
    }
  }
}

function taskKey(step: string, task: string): string {
  return `${step}\n${task}`
}
