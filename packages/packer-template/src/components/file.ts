import type { FromFacts } from '@imago/core'
import type { FileOptions } from '@imago/provisioner-file'

import { always, flag, lateText, text } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'

/** `file` */
export const fileTable: ComponentTable = defineTable<FileOptions>()({
  factory: { name: 'file', package: '@imago/provisioner-file' },
  load: async () => (await import('@imago/provisioner-file')).file,
  options: {
    source: as('source', always(localPath)),
    sources: as('sources', localPaths),
    content: as('content', lateText(buildValues)),
    destination: taken(always(lateText(buildValues))),
    direction: taken(text),
    generated: taken(flag),
  },
  compose({ destination, direction, generated }, ctx) {
    const way = currentText(direction) ?? 'upload'
    const download = way === 'download'
    if (!download && way !== 'upload') ctx.reports.problem(ctx, `'direction' must be 'upload' or 'download', not '${way}'`)
    if (!download) checkRemotePath(destination, ctx)
    return {
      ...(destination !== undefined && { destination }),
      ...(download && { direction: 'download' }),
      ...(isYes(generated) && !download && { generated: true }),
    }
  },
})

function checkRemotePath(destination: Model<FromFacts<string>> | undefined, ctx: Parameters<ComponentTable['map']>[1]): void {
  if (destination === undefined) {
    ctx.reports.problem(ctx, "'destination' is missing")
    return
  }
  if (isKnown(destination) && destination.missing === true) return
  const path = isKnown(destination) ? destination.value : destination
  if (typeof path !== 'string' || /^(?:\/|[A-Za-z]:[\\/])/.test(path)) return
  ctx.reports.problem(ctx, `'destination' must be an absolute path of the machine, not '${path}'`, 'write the folder that it is in')
}
