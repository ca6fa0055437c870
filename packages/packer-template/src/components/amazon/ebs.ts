import type { AmazonEbsOptions } from '@imago/builder-amazon'

import type { ComponentTable } from '../../mapping/table.ts'
import { defineTable, meaningless } from '../../mapping/table.ts'
import { amiOptions, amiRows } from './ami.ts'
import { instanceOptions, instanceRows } from './instance.ts'

/** `amazon-ebs` */
export const amazonEbsTable: ComponentTable = defineTable<AmazonEbsOptions>()({
  factory: { name: 'amazonEbs', package: '@imago/builder-amazon' },
  load: async () => (await import('@imago/builder-amazon')).amazonEbs,
  options: {
    ...instanceRows,
    ...amiRows,
    ami_virtualization_type: meaningless('it is that of the AMI that the build starts from'),
  },
  compose: (given, ctx) => ({ ...instanceOptions(given, ctx), ami: amiOptions(given, ctx) }),
})
