import type { TemplateNode } from '../language/ast.ts'
import type { TemplateText } from './template-text.ts'
import { needsOf } from './text-needs.ts'

/** A text with what a field stands for in its place: `{{.ChecksumType}}` by `md5`, `{{.Name}}` by the text that the name is. */
export function substituteField(text: TemplateText, field: string, value: string | readonly TemplateNode[]): TemplateText {
  const replacement: readonly TemplateNode[] = typeof value === 'string' ? [{ kind: 'text', text: value }] : value
  const nodes = text.nodes.flatMap((node) => (isField(node, field) ? replacement : [node]))
  return { source: text.source, nodes, needs: needsOf(nodes) }
}

/** Whether a node prints a field as it is. */
export function isField(node: TemplateNode | undefined, field: string): boolean {
  if (node?.kind !== 'action' || node.pipeline.commands.length !== 1) return false
  const head = node.pipeline.commands[0]?.head
  return head?.kind === 'field' && head.fields.length === 1 && head.fields[0] === field
}
