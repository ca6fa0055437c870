import type { CompressOptions } from '@imago/post-processor-compress'

import { integer, lateText, text } from '../mapping/coercions.ts'
import { currentText } from '../mapping/current-value.ts'
import { isKnown } from '../mapping/known.ts'
import type { ComponentContext, ComponentTable } from '../mapping/table.ts'
import { defineTable, taken } from '../mapping/table.ts'
import { outputFields } from '../text/field-table.ts'
import { defaultOutput } from './default-output.ts'

/** Formats by the endings that Packer knows them by. */
const formatNames: Readonly<Record<string, 'tar.gz' | 'tar' | 'zip' | 'gz'>> = {
  'tar.gz': 'tar.gz',
  tgz: 'tar.gz',
  tar: 'tar',
  zip: 'zip',
  gz: 'gz',
}
const endings = Object.keys(formatNames)

/** `compress` */
export const compressTable: ComponentTable = defineTable<CompressOptions>()({
  factory: { name: 'compress', package: '@imago/post-processor-compress' },
  load: async () => (await import('@imago/post-processor-compress')).compress,
  options: {
    output: taken(lateText(outputFields)),
    format: taken(text),
    compression_level: taken(integer),
  },
  compose({ output, format, compression_level: level }, ctx) {
    const name = currentText(format)
    const meant = name === undefined ? undefined : formatNames[name]
    if (name !== undefined && meant === undefined) {
      ctx.reports.problem(ctx, `there is no format '${name}' yet`, `known: ${Object.keys(formatNames).join(', ')}`)
    }
    const path = output ?? defaultOutput(ctx)
    const written = isKnown(path) && typeof path.value === 'string' ? path.value : (outputText(ctx) ?? '')
    const ending = endings.find((each) => written.endsWith(`.${each}`))
    const actual = meant ?? (ending === undefined ? 'tar.gz' : formatNames[ending])
    // Packer's -1 stands for the default, and levels of formats that have none mean nothing to it.
    const levels = level !== undefined && actual !== 'tar' && !(isKnown(level) && level.value === -1)
    return {
      output: path,
      ...(actual !== undefined && (ending === undefined || meant !== undefined) && { format: actual }),
      ...(levels && { level }),
    }
  },
})

/** How a name that is made while the build runs ends. */
function outputText({ options }: ComponentContext): string | undefined {
  const output = options.members.get('output')?.value
  return output?.kind === 'text' ? output.value : undefined
}
