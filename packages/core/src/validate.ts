import { ImagoError } from './error.ts'
import type { Image } from './image.ts'
import type { Issue } from './issue.ts'
import type { Selection } from './run-options.ts'

/**
 * Every problem of the definitions at once: names, wiring, options, and local files that are missing or cannot be written.
 * Nothing is started or changed.
 */
export function validate(
  _images: Image | readonly Image[],
  _options: Selection & { readonly directory?: string } = {},
): Promise<readonly Issue[]> {
  throw new ImagoError('INTERNAL', 'not written yet')
}
