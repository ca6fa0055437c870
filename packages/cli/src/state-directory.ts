import { join } from 'node:path'

/** Where journals and temporary files are: `.imago` in the current folder. */
export function stateDirectory(cwd: string): string {
  return join(cwd, '.imago')
}
