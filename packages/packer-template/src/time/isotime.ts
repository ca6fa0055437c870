import { formatGoLayout } from './go-layout.ts'

/**
 * A time in UTC by a layout of Go's `time` package, as `{{isotime}}` of Packer's templates tells it.
 * @param layout The reference time, `Mon Jan 2 15:04:05 MST 2006`, as it would be written. @default RFC 3339
 * @param time @default now
 * @example isotime('2006-01-02', new Date())
 */
export function isotime(layout: string = '2006-01-02T15:04:05Z07:00', time: Date = new Date()): string {
  return formatGoLayout(layout, time)
}
