import type { FromFacts } from '@imago/core'
import type { ShellOptions } from '@imago/provisioner-shell'

import { currentText } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown, known } from '../mapping/known.ts'
import type { Composed } from '../mapping/table.ts'
import { textExpression } from '../typescript/expression.ts'
import type { Execution } from './execute-command.ts'

type Inline = Model<FromFacts<readonly string[]>>

/** Inline lines are a script with a first line of its own, unless something else runs it. */
export function inlineOf(
  inline: Inline | undefined,
  shebang: Model<string> | undefined,
  execution: Execution | undefined,
): Composed<ShellOptions> {
  if (inline === undefined) return {}
  const line = currentText(shebang) ?? '/bin/sh -e'
  // A command that is not understood runs the script by its first line.
  if (execution === undefined) return { inline: withFirstLine(inline, `#!${line}`) }
  if (execution.interpreter !== undefined || line === '/bin/sh -e') return { inline }
  const [program = '/bin/sh', argument] = line
    .replace(/^#!/, '')
    .trim()
    .split(/\s+(.*)/s)
  return { inline, interpreter: argument === undefined || argument === '' ? program : [program, argument] }
}

function withFirstLine(inline: Inline, first: string): Inline {
  if (!isKnown(inline)) return Array.isArray(inline) ? [first, ...inline] : inline
  const { value } = inline
  return known<FromFacts<readonly string[]>>({
    value: typeof value === 'function' ? (facts) => [first, ...value(facts)] : [first, ...value],
    key: `${first}:${inline.key}`,
    code(writer) {
      const layout = inline.code(writer)
      const list = layout.kind === 'arrow' ? layout.body : layout
      const items = list.kind === 'list' ? list.items : []
      const withFirst = { kind: 'list', items: [textExpression(first), ...items] } as const
      return layout.kind === 'arrow' ? { ...layout, body: withFirst } : withFirst
    },
  })
}
