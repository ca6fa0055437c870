/** Milliseconds for which a connection may say nothing before another one is tried beside it, of the milliseconds that have passed so far. */
export type EagerLimit = (passedMs: number) => number

/** As often as is of use: what nothing answers is lost without harm. */
export const often: EagerLimit = (passedMs) => between(500, passedMs / 30, 2000)

/**
 * For a port before the machine that hands every connection on once the machine is up, also those that were given up meanwhile: for each
 * the machine starts a process, while we log in, and servers that count connections without a login (OpenSSH's `PerSourcePenalties`)
 * refuse the next.
 */
export const sparingly: EagerLimit = (passedMs) => between(2000, passedMs / 5, 5000)

function between(least: number, wanted: number, most: number): number {
  return Math.min(Math.max(wanted, least), most)
}
