import { execFileSync } from 'node:child_process'

/**
 * Why tests that need these commands of this machine are to be skipped, or `''`.
 * @throws when `IMAGO_REQUIRE` names one that does not run
 */
export function reasonToSkip(needs: Readonly<Record<string, string>>): string {
  const required = (process.env['IMAGO_REQUIRE'] ?? '').split(',')
  const missing = Object.entries(needs).filter(([, command]) => !runs(command))
  const reason = missing.map(([name, command]) => `${name}: '${command}' fails`).join(', ')
  if (missing.some(([name]) => required.includes(name))) throw new Error(`IMAGO_REQUIRE forbids to skip: ${reason}`)
  return reason === '' ? '' : ` (skipped: ${reason})`
}

function runs(command: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
