import type { Plugin } from '@imago/core'

/** What `imago sweep` and `imago doctor` need to know of this package: it creates nothing, and needs nothing. */
export const plugin: Plugin = { name: '@imago/builder-null', resourceKinds: [] }
