import type { StepOptions } from '@imago/core'
import type { WindowsRestartOptions } from '@imago/provisioner-powershell'

import { duration, flag, text } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import { texts } from '../mapping/list-coercions.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, taken } from '../mapping/table.ts'

/** `windows-restart` */
export const windowsRestartTable: ComponentTable = defineTable<WindowsRestartOptions & StepOptions>()({
  factory: { name: 'windowsRestart', package: '@imago/provisioner-powershell' },
  load: async () => (await import('@imago/provisioner-powershell')).windowsRestart,
  options: {
    restart_command: as('command', text),
    restart_check_command: as('check', text),
    restart_timeout: as('within', duration),
    check_registry: taken(flag),
    registry_keys: taken(texts),
  },
  compose({ check_registry: checks, registry_keys: keys }) {
    if (checks === undefined) return {}
    return { registryKeys: isYes(checks) && keys !== undefined ? keys : checks }
  },
})
