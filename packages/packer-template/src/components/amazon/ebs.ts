import type { AmazonEbsOptions } from '@imago/builder-amazon'

import { isYes } from '../../mapping/current-value.ts'
import { isAbsent } from '../../mapping/known.ts'
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
  compose(given, ctx) {
    const instance = instanceOptions(given, ctx)
    const isSpot = instance.spot !== undefined && !isAbsent(instance.spot)
    if (!isSpot || given.ena_support === undefined || isYes(given.ena_support)) return { ...instance, ami: amiOptions(given, ctx) }
    ctx.warn('ena_support', 'an instance of a spot request cannot be stopped to turn it off: it stays as it is')
    const { ena_support: _, ...others } = given
    return { ...instance, ami: amiOptions(others, ctx) }
  },
})
