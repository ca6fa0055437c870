/** A moment in UTC, by its parts. */
export interface UtcParts {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** 1 to 366. */
  readonly yearDay: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

const dayMs = 86_400_000

export const monthNames: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const dayNames: readonly string[] = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** A moment in UTC. */
export function utcParts(time: Date): UtcParts {
  const year = time.getUTCFullYear()
  return {
    year,
    month: time.getUTCMonth() + 1,
    day: time.getUTCDate(),
    yearDay: Math.floor((time.getTime() - Date.UTC(year, 0, 1)) / dayMs) + 1,
    weekday: time.getUTCDay(),
    hour: time.getUTCHours(),
    minute: time.getUTCMinutes(),
    second: time.getUTCSeconds(),
    millisecond: time.getUTCMilliseconds(),
  }
}

/** A number with zeros before it. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
