import type { TemplateNode } from '../language/ast.ts'
import { code } from '../typescript/expression.ts'
import type { FieldTable } from './field-table.ts'
import { isField } from './substitute-field.ts'
import type { TemplateText } from './template-text.ts'
import { needsOf } from './text-needs.ts'

/** What the HTTP server of a build is called in texts. */
export const httpFields: FieldTable = {
  HTTPURL: { read: ({ httpUrl }) => httpUrl ?? '', code: code('facts.httpUrl'), maybe: true },
  HTTPIP: {
    read: ({ httpUrl = '' }) => httpUrl.replaceAll(/^https?:\/\/|[:/][^\]]*$/g, ''),
    code: code("(facts.httpUrl ?? '').replaceAll(/^https?:\\/\\/|[:/][^\\]]*$/g, '')"),
  },
  HTTPPort: {
    read: ({ httpUrl = '' }) => /:(\d+)(?:\/|$)/.exec(httpUrl)?.[1] ?? '',
    code: code("/:(\\d+)(?:\\/|$)/.exec(facts.httpUrl ?? '')?.[1] ?? ''", 'nullish'),
  },
}

/**
 * The address of the server is one field, `.HTTPURL`, in the place of `http://{{.HTTPIP}}:{{.HTTPPort}}`: it holds a path that nobody can
 * guess.
 */
export function withHttpUrl(text: TemplateText): TemplateText {
  const nodes: TemplateNode[] = []
  for (let index = 0; index < text.nodes.length; index++) {
    const node = text.nodes[index]
    if (node === undefined) continue
    const before = nodes.at(-1)
    const colon = text.nodes[index + 1]
    const isUrl = isField(node, 'HTTPIP') && colon?.kind === 'text' && colon.text === ':' && isField(text.nodes[index + 2], 'HTTPPort')
    if (isUrl && before?.kind === 'text' && before.text.endsWith('http://')) {
      nodes[nodes.length - 1] = { kind: 'text', text: before.text.slice(0, -'http://'.length) }
      nodes.push({
        kind: 'action',
        pipeline: { variables: [], assigns: false, commands: [{ head: { kind: 'field', fields: ['HTTPURL'] }, args: [] }] },
      })
      index += 2
    } else nodes.push(node)
  }
  const kept = nodes.filter((node) => node.kind !== 'text' || node.text !== '')
  return { source: text.source, nodes: kept, needs: needsOf(kept) }
}
