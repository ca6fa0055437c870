import { spawnSync } from 'node:child_process'

/** What a test may need of this machine: root, or a program. */
export type Need = 'root' | 'pigz' | 'unzip' | 'zstd'

/**
 * Whether this machine lacks something that a test needs, so that the test is skipped.
 * @throws when `IMAGO_REQUIRE` names it
 */
export function lacks(...needs: readonly Need[]): boolean {
  const missing = needs.filter((need) => !isThere(need))
  const required = (process.env['IMAGO_REQUIRE'] ?? '').split(',')
  for (const need of missing) if (required.includes(need)) throw new Error(`IMAGO_REQUIRE names ${need}, which is not here`)
  return missing.length > 0
}

function isThere(need: Need): boolean {
  if (need === 'root') return process.getuid?.() === 0
  return spawnSync('sh', ['-c', `command -v ${need}`]).status === 0
}
