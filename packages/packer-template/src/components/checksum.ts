import type { FromFacts } from '@imago/core'
import type { ChecksumAlgorithm, ChecksumOptions } from '@imago/post-processor-checksum'

import type { JsonNode } from '../json/json-node.ts'
import { fromRendered } from '../mapping/coercions.ts'
import { currentTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown, known } from '../mapping/known.ts'
import { texts } from '../mapping/list-coercions.ts'
import type { Coercion } from '../mapping/option-context.ts'
import type { ComponentContext, ComponentTable } from '../mapping/table.ts'
import { defineTable, taken } from '../mapping/table.ts'
import type { PostProcessorConfig } from '../template/template.ts'
import { outputFields } from '../text/field-table.ts'
import { substituteField } from '../text/substitute-field.ts'
import type { TemplateText } from '../text/template-text.ts'
import { textExpression } from '../typescript/expression.ts'
import { defaultOutput } from './default-output.ts'

const algorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const satisfies readonly ChecksumAlgorithm[]

/** The text as it is written: what stands for the type of the checksums is put in later. */
const outputText: Coercion<TemplateText> = (node, ctx) => {
  const parsed = node.kind === 'text' ? ctx.renderer.parse(node, ctx) : undefined
  return parsed && known({ value: parsed, key: parsed.source, code: () => textExpression(parsed.source) })
}

/** `checksum` */
export const checksumTable: ComponentTable = defineTable<ChecksumOptions>()({
  factory: { name: 'checksum', package: '@imago/post-processor-checksum' },
  load: async () => (await import('@imago/post-processor-checksum')).checksum,
  options: {
    checksum_types: taken(texts),
    output: taken(outputText),
  },
  compose({ checksum_types: types, output }, ctx) {
    const chosen = types === undefined ? (['md5'] as const) : algorithmsOf(types, ctx)
    const [type = 'md5', ...more] = chosen
    if (more.length > 0) ctx.reports.warn(ctx, 'the files with checksums are called by their types, not as Packer calls them')
    const name = more.length > 0 ? 'checksum' : type
    const path = isKnown(output) ? outputOf(output.value, name, ctx) : defaultOutput(ctx, `_${name}.checksum`)
    return { algorithms: chosen, ...(path !== undefined && { output: path }) }
  },
})

/** Packer writes a file for each type. A step that stands alone becomes as many steps, and each has the name that Packer gives it. */
export function checksumSteps(config: PostProcessorConfig): readonly PostProcessorConfig[] {
  const member = config.options.members.get('checksum_types')
  if (config.type !== 'checksum' || member?.value.kind !== 'array' || member.value.items.length < 2) return [config]
  const list = member.value
  return list.items.map((item: JsonNode) => {
    const members = new Map([...config.options.members, ['checksum_types', { at: member.at, value: { ...list, items: [item] } }] as const])
    return { ...config, options: { ...config.options, members } }
  })
}

function outputOf(text: TemplateText, type: string, ctx: ComponentContext): Model<FromFacts<string>> | undefined {
  const { build, buildIsFact } = ctx
  const rendered = ctx.renderer.renderParsed(substituteField(text, 'ChecksumType', type), ctx, { build, buildIsFact, fields: outputFields })
  return rendered && fromRendered(rendered)
}

function algorithmsOf(types: Model<readonly string[]>, ctx: ComponentContext): readonly ChecksumAlgorithm[] {
  return currentTexts(types).flatMap((name) => {
    const algorithm = algorithms.find((candidate) => candidate === name)
    if (algorithm === undefined) ctx.reports.problem(ctx, `there is no checksum '${name}'`, `known: ${algorithms.join(', ')}`)
    return algorithm ?? []
  })
}
