import type { BuildEvent, StepRef } from '@imago/core'

import { buildKey } from './labels.ts'

interface Counted {
  readonly total: number
  readonly numbers: Map<string, number>
}

/** Counts the provisioners and post-processors of each build as they begin. */
export class StepNumbers {
  readonly #builds = new Map<string, Counted>()

  onEvent(event: BuildEvent): void {
    if (event.type === 'build-started') this.#builds.set(buildKey(event), { total: event.steps, numbers: new Map() })
    if ((event.type !== 'step-started' && event.type !== 'step-cached') || !isCounted(event.step)) return
    const numbers = this.#builds.get(buildKey(event))?.numbers
    if (numbers !== undefined && !numbers.has(event.step.id)) numbers.set(event.step.id, numbers.size + 1)
  }

  /** `'2/5'`, for a step that has begun and is counted. */
  numberOf(build: { readonly image: string; readonly build: string }, step: StepRef): string | undefined {
    const counted = this.#builds.get(buildKey(build))
    const number = counted?.numbers.get(step.id)
    return counted === undefined || number === undefined ? undefined : `${number}/${counted.total}`
  }
}

function isCounted({ kind }: StepRef): boolean {
  return kind === 'provisioner' || kind === 'post-processor'
}
