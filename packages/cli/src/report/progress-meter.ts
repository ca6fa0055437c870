import type { Progress } from '@imago/core'
import { formatSize } from '@imago/report/text'

import { formatElapsed } from './format-elapsed.ts'

/** The rate is that of so many last milliseconds, */
const windowMs = 5000
/** measured this often. */
const sampleEveryMs = 250

interface Sample {
  readonly time: number
  readonly done: number
}

/** Follows one transfer. */
export class ProgressMeter {
  readonly task: string
  #latest: Progress
  #samples: Sample[] = []

  constructor(first: Progress) {
    this.task = first.task
    this.#latest = first
    this.update(first)
  }

  update(progress: Progress): void {
    const time = Date.parse(progress.time)
    if (progress.done < this.#latest.done) this.#samples = [] // it began anew
    this.#latest = progress
    const last = this.#samples.at(-1)
    if (last !== undefined && time - last.time < sampleEveryMs) return
    this.#samples.push({ time, done: progress.done })
    while (this.#samples.length > 2 && time - (this.#samples[0]?.time ?? time) > windowMs) this.#samples.shift()
  }

  /** From 0 to 1, when the end is known. */
  get fraction(): number | undefined {
    const { done, total, unit } = this.#latest
    const end = total ?? (unit === 'percent' ? 100 : undefined)
    if (end === undefined) return undefined
    return end === 0 ? 1 : Math.min(1, done / end)
  }

  /** `124 MB of 512 MB`, `1200 of 3000`, `38%`, … */
  get amount(): string {
    const { done, total, unit } = this.#latest
    if (unit === 'percent') return `${Math.round((done * 100) / (total ?? 100))}%`
    const show = unit === 'bytes' ? formatSize : (count: number) => String(Math.round(count))
    return total === undefined ? show(done) : `${show(done)} of ${show(total)}`
  }

  /** `45 MB/s, 9s left`, as far as it is known. */
  get speed(): string {
    const rate = this.#perSecond()
    if (rate === undefined || rate <= 0) return ''
    const { done, total, unit } = this.#latest
    const parts = unit === 'bytes' ? [`${formatSize(rate)}/s`] : []
    const end = total ?? (unit === 'percent' ? 100 : undefined)
    if (end !== undefined && end > done) parts.push(`${formatElapsed(((end - done) / rate) * 1000)} left`)
    return parts.join(', ')
  }

  #perSecond(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.time - first.time < sampleEveryMs) return undefined
    return ((last.done - first.done) * 1000) / (last.time - first.time)
  }
}
