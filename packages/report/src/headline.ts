import type { RecordedStatus } from './statuses.ts'

/** How the builds of a run went, in a few words: `all 3 builds succeeded`, `1 of 3 builds failed, 2 cancelled`. */
export function headline(builds: readonly RecordedStatus[]): string {
  const count = (status: RecordedStatus): number => builds.filter((other) => other === status).length
  const all = builds.length
  const same = count('up-to-date')
  if (same === all) return all === 1 ? 'up to date' : `all ${all} builds are up to date`
  if (count('succeeded') + same === all) return all === 1 ? 'built' : `all ${all} builds succeeded`
  const failed = count('failed') === 0 ? [] : [`${count('failed')} of ${all} ${all === 1 ? 'build' : 'builds'} failed`]
  const cancelled = count('cancelled') === 0 ? [] : [`${count('cancelled')} cancelled`]
  const open = count('unfinished') + count('not-run')
  return [...failed, ...cancelled, ...(open === 0 ? [] : [`${open} did not end`])].join(', ')
}
