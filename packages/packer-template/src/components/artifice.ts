import type { ArtificeOptions } from '@imago/post-processor-artifice'

import { lateTexts } from '../mapping/list-coercions.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { defineTable, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'

/** `artifice` */
export const artificeTable: ComponentTable = defineTable<ArtificeOptions>()({
  factory: { name: 'artifice', package: '@imago/post-processor-artifice' },
  load: async () => (await import('@imago/post-processor-artifice')).artifice,
  options: {
    files: taken(lateTexts(buildValues)),
  },
  compose: ({ files }, ctx) => {
    if (files === undefined) ctx.reports.problem(ctx, 'artifice needs files')
    return { files: files ?? [] }
  },
})
