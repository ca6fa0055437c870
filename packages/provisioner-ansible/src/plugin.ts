import type { Plugin } from '@imago/core'

import { sessionFolder } from './session-folder.ts'

/** What `imago sweep` needs to know of this package. */
export const plugin: Plugin = { name: '@imago/provisioner-ansible', resourceKinds: [sessionFolder] }
