import type { CommandRecord } from './machine-record.ts'

/**
 * Which commands are meant. A string is a whole command, or a whole line of one (spaces around it do not count); a regular expression
 * is tried on all that ran: the command, and what it got on standard input.
 */
export type CommandPattern = string | RegExp

/** Whether a command is one that a pattern means. */
export function matchesCommand(pattern: CommandPattern, record: CommandRecord): boolean {
  if (pattern instanceof RegExp) return new RegExp(pattern, pattern.flags.replace(/[gy]/g, '')).test(record.text)
  const wanted = pattern.trim()
  return [record.text, record.stdin ?? '', ...record.text.split('\n')].some((text) => text.trim() === wanted)
}

/** The pattern as a message shows it. */
export function showPattern(pattern: CommandPattern): string {
  return typeof pattern === 'string' ? pattern : String(pattern)
}
