import type { Duration } from '@imago/core'

const form = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const piece = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const milliseconds: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** The longest that a timer of ours waits. */
const longestMs = 24 * 86_400_000

/** The milliseconds of a duration of Go, `1h30m`; `undefined` when the text is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!form.test(text)) return undefined
  const size = [...text.matchAll(piece)].reduce((sum, [, count, unit]) => sum + Number(count) * (milliseconds[unit ?? ''] ?? 0), 0)
  return text.startsWith('-') ? -size : size
}

/** Milliseconds as people write them: in the largest unit that they fill, at most 24 days. */
export function asDuration(ms: number): Duration {
  const whole = Math.min(Math.max(Math.round(ms), 0), longestMs)
  if (whole === 0) return '0s'
  if (whole % 3_600_000 === 0) return `${whole / 3_600_000}h`
  if (whole % 60_000 === 0) return `${whole / 60_000}m`
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`
}
