import type { UtcParts } from './utc-parts.ts'
import { dayNames, monthNames, twoDigits, utcParts } from './utc-parts.ts'

/** Formats a time in UTC by the conversions of strftime(3) that Packer knows. Others stay as they are. */
export function strftime(format: string, time: Date): string {
  const parts = utcParts(time)
  return format.replaceAll(/%(.)/gs, (whole, conversion: string) => conversions[conversion]?.(parts) ?? whole)
}

const conversions: Readonly<Record<string, (parts: UtcParts) => string>> = {
  A: ({ weekday }) => dayNames[weekday] ?? '',
  a: ({ weekday }) => (dayNames[weekday] ?? '').slice(0, 3),
  B: ({ month }) => monthNames[month - 1] ?? '',
  b: ({ month }) => (monthNames[month - 1] ?? '').slice(0, 3),
  d: ({ day }) => twoDigits(day),
  H: ({ hour }) => twoDigits(hour),
  I: ({ hour }) => twoDigits(hour % 12 === 0 ? 12 : hour % 12),
  L: ({ millisecond }) => `.${String(millisecond).padStart(3, '0')}`,
  M: ({ minute }) => twoDigits(minute),
  m: ({ month }) => twoDigits(month),
  p: ({ hour }) => (hour >= 12 ? 'PM' : 'AM'),
  S: ({ second }) => twoDigits(second),
  Y: ({ year }) => String(year),
  y: ({ year }) => twoDigits(year % 100),
  Z: () => 'UTC',
  z: () => '+0000',
  '%': () => '%',
}
