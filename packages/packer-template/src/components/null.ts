import type { NullOptions } from '@imago/builder-null'

import { currentText } from '../mapping/current-value.ts'
import { exclusive } from '../mapping/exclusive.ts'
import { surely } from '../mapping/group.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { defineTable } from '../mapping/table.ts'
import { sshAccess, sshRows } from './ssh.ts'

/** `null` */
export const nullTable: ComponentTable = defineTable<NullOptions>()({
  factory: { name: 'nullBuilder', package: '@imago/builder-null' },
  load: async () => (await import('@imago/builder-null')).nullBuilder,
  options: sshRows,
  compose(given, ctx) {
    const communicator = currentText(given.communicator) ?? 'ssh'
    if (communicator === 'none') return { communicator }
    if (communicator !== 'ssh') ctx.noCounterpart('communicator', "there are 'ssh' and 'none'")
    const { ssh_host: host, ssh_username: user } = given
    if (host === undefined) ctx.reports.problem(ctx, "'ssh_host' is missing")
    if (user === undefined) ctx.reports.problem(ctx, "'ssh_username' is missing")
    exclusive('ssh_password', 'ssh_private_key_file', ctx)
    return { ...(host !== undefined && { host: surely(host) }), ...sshAccess(given, ctx) }
  },
})
