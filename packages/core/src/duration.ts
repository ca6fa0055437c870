/**
 * A length of time: a number of milliseconds, or a number with a unit (`'500ms'`, `'10s'`, `'1.5m'`, `'2h'`, `'7d'`). 24 days at most.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** No timer of the platform is longer: it would fire at once. */
const longestMs = 2 ** 31 - 1
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof unitMs

/** The milliseconds of a duration, or `undefined` when the text (which may come from data) is not one. */
export function parseDuration(duration: number | string): number | undefined {
  const ms = anyLength(duration)
  return ms !== undefined && ms <= longestMs ? ms : undefined
}

/** Whether a value would be a duration if it were shorter. */
export function isTooLong(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && (anyLength(value) ?? 0) > longestMs
}

function anyLength(duration: number | string): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) && duration >= 0 ? duration : undefined
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  if (match === null) return undefined
  const unit = match[2] as Unit // the pattern admits nothing else
  return Number(match[1]) * unitMs[unit]
}

/** The milliseconds of a duration that validation has accepted. */
export function milliseconds(duration: Duration): number {
  const ms = parseDuration(duration)
  if (ms === undefined) throw new RangeError(`not a duration: ${String(duration)}`)
  return ms
}

/** A duration for people: `85ms`, `3.2s`, `4m05s`, `1h02m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
}
