import type { VirtualBoxVmOptions } from '@imago/builder-virtualbox'

import { flag, text } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import type { ComponentTable } from '../../mapping/table.ts'
import { as, defineTable } from '../../mapping/table.ts'
import { commonOptions, machineName, virtualBoxRows } from './common.ts'
import { manageCommands } from './manage-commands.ts'

/** `virtualbox-vm` */
export const virtualboxVmTable: ComponentTable = defineTable<VirtualBoxVmOptions>()({
  factory: { name: 'virtualboxVm', package: '@imago/builder-virtualbox' },
  load: async () => (await import('@imago/builder-virtualbox')).virtualboxVm,
  options: {
    attach_snapshot: as('snapshot', text),
    target_snapshot: as('targetSnapshot', text),
    force_delete_snapshot: as('force', flag),
    ...virtualBoxRows,
  },
  compose(given, ctx) {
    if (given.vm_name === undefined) ctx.reports.problem(ctx, "'vm_name' is missing")
    if (given.keep_registered !== undefined && !isYes(given.keep_registered)) {
      ctx.noCounterpart('keep_registered', 'the machine that a build starts from stays')
    }
    const commands = manageCommands('vboxmanage', ctx)
    return {
      vm: machineName(given, ctx),
      // as Packer does: in the machine itself
      clone: 'in-place',
      ...(commands !== undefined && { vboxmanage: commands }),
      ...commonOptions({ ...given, keep_registered: true }, ctx),
    }
  },
})
