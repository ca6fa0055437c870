import { formatDuration } from '@imago/core'

/** A mark of the time axis. */
export interface Tick {
  readonly at: number
  readonly label: string
}

const millisecond = 1
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const distances = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms * millisecond),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * second),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 4, 6, 12, 24].map((hours) => hours * hour),
]
const mostTicks = 5

/** How far apart the marks of a time axis are that is so many milliseconds long. */
export function tickDistance(length: number): number {
  return distances.find((distance) => length / distance <= mostTicks) ?? 24 * hour * Math.ceil(length / mostTicks / (24 * hour))
}

/** The marks of a time axis, but for one that would touch its end. */
export function ticks(length: number): Tick[] {
  const distance = tickDistance(length)
  const all = Array.from({ length: Math.floor(length / distance) + 1 }, (_, index) => index * distance)
  return all.filter((at) => at <= length * 0.95).map((at) => ({ at, label: at === 0 ? '0' : labelOf(at) }))
}

/** A whole number of its unit without what is behind the point: `2s`, `1m`, `1h30m`. */
function labelOf(ms: number): string {
  return formatDuration(ms)
    .replace(/\.0s$/, 's')
    .replace(/(?<=[mh])00[ms]$/, '')
}
