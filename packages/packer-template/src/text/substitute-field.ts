import type { TemplateNode } from '../language/ast.ts'
import type { TemplateText } from './template-text.ts'
import { needsOf } from './text-needs.ts'

/** A text with what a field stands for in its place: `{{.ChecksumType}}` by `md5`. */
export function substituteField(text: TemplateText, field: string, value: string): TemplateText {
  const nodes = text.nodes.map((node): TemplateNode => (isField(node, field) ? { kind: 'text', text: value } : node))
  return { source: text.source, nodes, needs: needsOf(nodes) }
}

function isField(node: TemplateNode, field: string): boolean {
  if (node.kind !== 'action' || node.pipeline.commands.length !== 1) return false
  const head = node.pipeline.commands[0]?.head
  return head?.kind === 'field' && head.fields.length === 1 && head.fields[0] === field
}
