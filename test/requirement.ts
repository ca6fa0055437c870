import { execFileSync } from 'node:child_process'

/** A part of a test's name: empty, or that the test is skipped, and why. */
export type SkipReason = '' | ` (skipped: ${string})`

/**
 * Whether tests are to be skipped for lack of something, to be added to their names.
 * @param missing why it is missing, or `undefined` when it is there
 * @throws when it is missing and `IMAGO_REQUIRE`, a list with commas, names it
 */
export function skipWithout(need: string, missing: string | undefined): SkipReason {
  if (missing === undefined) return ''
  if ((process.env['IMAGO_REQUIRE'] ?? '').split(',').includes(need)) throw new Error(`IMAGO_REQUIRE names '${need}', but ${missing}`)
  return ` (skipped: ${missing})`
}

/** The same for needs that a command tells: it fails when they are missing. */
export function reasonToSkip(needs: Readonly<Record<string, string>>): SkipReason {
  const reasons = Object.entries(needs).map(([need, command]) => skipWithout(need, runs(command) ? undefined : `'${command}' fails`))
  return reasons.find((reason) => reason !== '') ?? ''
}

/** For tests that need root. */
export function skipWithoutRoot(): SkipReason {
  return skipWithout('root', process.getuid?.() === 0 ? undefined : 'this is not root')
}

function runs(command: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
