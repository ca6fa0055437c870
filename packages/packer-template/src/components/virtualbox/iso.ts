import type { VirtualBoxIsoOptions } from '@imago/builder-virtualbox'

import { flag } from '../../mapping/coercions.ts'
import type { ComponentTable } from '../../mapping/table.ts'
import { as, defineTable, taken } from '../../mapping/table.ts'
import { isoRows, isoSource } from '../iso-source.ts'
import { megabytes } from '../megabytes.ts'
import { commonOptions, machineName, virtualBoxRows } from './common.ts'
import { hardwareOf, hardwareRows } from './hardware.ts'
import { joinedCommands, readManageCommands } from './manage-commands.ts'

/** `virtualbox-iso` */
export const virtualboxIsoTable: ComponentTable = defineTable<VirtualBoxIsoOptions>()({
  factory: { name: 'virtualboxIso', package: '@imago/builder-virtualbox' },
  load: async () => (await import('@imago/builder-virtualbox')).virtualboxIso,
  options: { ...isoRows, disk_size: taken(megabytes), bundle_iso: as('bundleIso', flag), ...hardwareRows, ...virtualBoxRows },
  compose(given, ctx) {
    const args = readManageCommands('vboxmanage', ctx)
    const commands = joinedCommands(args.rest)
    return {
      iso: isoSource(given, ctx),
      diskSize: given.disk_size ?? '40000m',
      ...hardwareOf(given, args),
      name: machineName(given, ctx),
      ...(given.keep_registered !== undefined && { keepRegistered: given.keep_registered }),
      ...(commands !== undefined && { vboxmanage: commands }),
      ...commonOptions(given, ctx),
    }
  },
})
