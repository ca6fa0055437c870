import { delimiter } from 'node:path'

/** Where the system keeps its own programs; the PATH of a user who is not root often lacks them. */
const systemDirectories = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** The folders in which programs are looked for. Together with {@link sourceDateEpoch} all that this package takes from the environment. */
export function programDirectories(): string[] {
  const own = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  return [...new Set([...own, ...systemDirectories])]
}

/**
 * Seconds since 1970 from `SOURCE_DATE_EPOCH` (https://reproducible-builds.org/specs/source-date-epoch/), or `undefined` when that is
 * not set, or is no whole number.
 */
export function sourceDateEpoch(): number | undefined {
  const text = process.env['SOURCE_DATE_EPOCH'] ?? ''
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined
}
