import { ImagoError } from './error.ts'
import type { Image } from './image.ts'
import type { Report } from './report.ts'
import type { RunOptions, Selection } from './run-options.ts'

/**
 * Runs the builds of one or several images and reports how each went. A build that fails is part of the report.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definitions; nothing has been started then.
 */
export function run(_images: Image | readonly Image[], _options: RunOptions & Selection = {}): Promise<Report> {
  throw new ImagoError('INTERNAL', 'not written yet')
}
