import { usageError } from '../arguments.ts'

/**
 * For commands that take options only.
 * @throws ImagoError `USAGE` when there is something else
 */
export function noPositionals([first]: readonly string[]): void {
  if (first !== undefined) throw usageError(`this command takes no '${first}'`, 'see its --help')
}
