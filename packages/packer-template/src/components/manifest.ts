import type { ManifestOptions } from '@imago/post-processor-manifest'

import { flag, text } from '../mapping/coercions.ts'
import { lateTextMap } from '../mapping/list-coercions.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../mapping/table.ts'

/** `manifest` */
export const manifestTable: ComponentTable = defineTable<ManifestOptions>()({
  factory: { name: 'manifest', package: '@imago/post-processor-manifest' },
  load: async () => (await import('@imago/post-processor-manifest')).manifest,
  options: {
    output: taken(text),
    strip_path: as('stripPath', flag),
    strip_time: meaningless('an entry has its time'),
    custom_data: as('customData', lateTextMap),
  },
  compose: ({ output }) => ({ output: output ?? 'packer-manifest.json' }),
})
