import type { ByteSize } from '@imago/hypervisor'

import { renderLeaf } from '../mapping/coercions.ts'
import { known } from '../mapping/known.ts'
import { itemsOf } from '../mapping/list-coercions.ts'
import type { Coercion } from '../mapping/option-context.ts'
import { contextInside } from '../mapping/option-context.ts'
import { code, joined, printPrimary, textExpression } from '../typescript/expression.ts'

/** A size. Plain numbers are megabytes, of 1024² bytes, as in QEMU. */
export const megabytes: Coercion<ByteSize> = (node, ctx) => {
  if (node.kind === 'plain') return typeof node.value === 'number' && node.value > 0 ? `${Math.trunc(node.value)}m` : undefined
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object' || typeof rendered.value !== 'string' || rendered.value === '') return undefined
  const { value: text, missing } = rendered
  const isFixed = rendered.text.needs.variables.size === 0
  const [, digits = missing ? '1' : undefined, unit = ''] = /^(\d+)([bkmgt]?)$/i.exec(text) ?? []
  if (digits === undefined) {
    ctx.reports.problem(ctx, `must be a size such as '40G', not '${text}'`)
    return undefined
  }
  const value: ByteSize = /^b$/i.test(unit) ? Number(digits) : `${Number(digits)}${unitOf(unit)}`
  return known<ByteSize>({
    value,
    key: JSON.stringify(value),
    code(writer) {
      if (isFixed) return typeof value === 'number' ? code(String(value)) : textExpression(value)
      if (unit === '') return joined([writer.as(rendered, 'number', code(digits)), textExpression('m')])
      const written = printPrimary(writer.text(rendered))
      return code(
        `${unit === unitOf(unit) ? written : `${written}.toLowerCase()`} as ${writer.importedType('@imago/hypervisor', 'ByteSize')}`,
        'cast',
      )
    },
  })
}

function unitOf(unit: string): 'k' | 'm' | 'g' | 't' {
  const lower = unit.toLowerCase()
  return lower === 'k' || lower === 'g' || lower === 't' ? lower : 'm'
}

/** Several of them, each as the disk that has it. */
export const diskSizes: Coercion<readonly { readonly size: ByteSize }[]> = (node, ctx) => {
  const items = node.kind === 'text' ? itemsOf(node, ctx) : node.kind === 'array' ? node.items : [node]
  const sizes = items.flatMap((item, index) => megabytes(item, contextInside(ctx, item, index)) ?? [])
  return sizes.length === 0 ? undefined : sizes.map((size) => ({ size }))
}
