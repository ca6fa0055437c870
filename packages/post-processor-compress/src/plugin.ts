import type { Plugin } from '@imago/core'

import { partialFile } from './output-file.ts'

/** What `imago sweep` needs to know of this package. */
export const plugin: Plugin = { name: '@imago/post-processor-compress', resourceKinds: [partialFile] }
