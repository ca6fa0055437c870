import { always, text } from '../mapping/coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable } from '../mapping/table.ts'
import type { FileBuilderOptions } from './file-builder-options.ts'

/** `file`, the builder. */
export const fileBuilderTable: ComponentTable = defineTable<FileBuilderOptions>()({
  factory: { name: 'fileBuilder', package: '@imago/packer-template' },
  load: async () => (await import('./file-builder.ts')).fileBuilder,
  options: {
    target: as('path', always(localPath)),
    source: as('source', always(localPath)),
    content: as('content', always(text)),
  },
  compose(_given, ctx) {
    const has = (option: string): boolean => ctx.options.members.has(option)
    if (!has('target')) ctx.reports.problem(ctx, "'target' is missing")
    if (has('source') === has('content')) ctx.reports.problem(ctx, "one of 'source' and 'content' is needed")
    return {}
  },
})
