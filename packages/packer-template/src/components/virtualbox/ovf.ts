import type { VirtualBoxOvfOptions } from '@imago/builder-virtualbox'
import type { MediaSource } from '@imago/hypervisor'

import { always, text } from '../../mapping/coercions.ts'
import { currentTexts } from '../../mapping/current-value.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { texts } from '../../mapping/list-coercions.ts'
import { localPath } from '../../mapping/local-path.ts'
import type { ComponentTable, Composed } from '../../mapping/table.ts'
import { defineTable, meaningless, taken } from '../../mapping/table.ts'
import { mediaChecksum } from '../media-source.ts'
import { commonOptions, machineName, virtualBoxRows } from './common.ts'
import { manageCommands } from './manage-commands.ts'

/** `virtualbox-ovf` */
export const virtualboxOvfTable: ComponentTable = defineTable<VirtualBoxOvfOptions>()({
  factory: { name: 'virtualboxOvf', package: '@imago/builder-virtualbox' },
  load: async () => (await import('@imago/builder-virtualbox')).virtualboxOvf,
  options: {
    source_path: taken(always(localPath)),
    checksum: taken(mediaChecksum),
    target_path: meaningless('downloads are kept by what they are'),
    import_flags: taken(texts),
    import_opts: taken(text),
    ...virtualBoxRows,
  },
  compose(given, ctx) {
    if (given.source_path === undefined) ctx.reports.problem(ctx, "'source_path' is missing")
    const source: Model<MediaSource> = { url: given.source_path ?? '', checksum: given.checksum ?? 'none' }
    const commands = manageCommands('vboxmanage', ctx)
    return {
      source,
      ...importOptionsOf(given.import_flags, given.import_opts),
      name: machineName(given, ctx),
      ...(given.keep_registered !== undefined && { keepRegistered: given.keep_registered }),
      ...(commands !== undefined && { vboxmanage: commands }),
      ...commonOptions(given, ctx),
    }
  },
})

function importOptionsOf(
  flags: Model<readonly string[]> | undefined,
  options: Model<string> | undefined,
): Composed<Pick<VirtualBoxOvfOptions, 'importOptions'>> {
  if (options === undefined) return flags === undefined ? {} : { importOptions: flags }
  const list: readonly Model<string>[] = flags === undefined ? [] : isKnown(flags) ? currentTexts(flags) : flags
  return { importOptions: [...list, '--options', options] }
}
