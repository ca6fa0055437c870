import { partialFile } from './output-file.ts'
import type { Plugin } from './resources.ts'
import { workDirectory } from './work-directory.ts'

/** What `imago sweep` needs to know of the core itself. */
export const plugin: Plugin = { name: '@imago/core', resourceKinds: [workDirectory, partialFile] }
