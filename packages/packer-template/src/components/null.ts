import type { NullOptions } from '@imago/builder-null'

import { exclusive } from '../mapping/exclusive.ts'
import { surely } from '../mapping/group.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { defineTable } from '../mapping/table.ts'
import { communicatorOf } from './communicator-of.ts'
import { sshAccess, sshRows } from './ssh.ts'
import { winrmAccess, winrmPassword, winrmRows } from './winrm.ts'

/** `null` */
export const nullTable: ComponentTable = defineTable<NullOptions>()({
  factory: { name: 'nullBuilder', package: '@imago/builder-null' },
  load: async () => (await import('@imago/builder-null')).nullBuilder,
  options: { ...sshRows, ...winrmRows },
  compose(given, ctx) {
    const communicator = communicatorOf(given, ctx)
    if (communicator === undefined) return {}
    if (communicator === 'none') return { communicator }
    const option = communicator === 'winrm' ? 'winrm_host' : 'ssh_host'
    const host = given[option]
    if (host === undefined) ctx.reports.problem(ctx, `'${option}' is missing`)
    if (communicator === 'winrm') {
      const access = { ...winrmAccess(given, ctx), password: winrmPassword(given) }
      return { communicator, ...(host !== undefined && { host: surely(host) }), ...access }
    }
    exclusive('ssh_password', 'ssh_private_key_file', ctx)
    return { ...(host !== undefined && { host: surely(host) }), ...sshAccess(given, ctx) }
  },
})
