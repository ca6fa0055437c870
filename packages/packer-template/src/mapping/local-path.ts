import { normalize, relative } from 'node:path'

import type { JsonNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import type { TemplateText } from '../text/template-text.ts'
import { needsOf } from '../text/text-needs.ts'
import { knownText, staticText } from './coercions.ts'
import type { Coercion, OptionContext } from './option-context.ts'
import { contextInside } from './option-context.ts'
import type { Known } from './known.ts'
import { texts } from './list-coercions.ts'
import type { TemplateFolders } from './template-folders.ts'

/** A path of this machine. `{{template_dir}}/x` is relative to the folder that relative paths are relative to. */
export const localPath: Coercion<string> = (node, ctx) => pathOf(node, ctx)

function pathOf(node: JsonNode, ctx: OptionContext): Known<string> | undefined {
  if (node.kind !== 'text') return knownText(node, ctx)
  const parsed = ctx.renderer.parse(node, ctx)
  if (parsed === undefined) return undefined
  const where = contextInside(ctx, node)
  const rendered = ctx.renderer.renderParsed(withoutTemplateFolder(parsed, ctx.folders), where, {
    build: ctx.build,
    buildIsFact: ctx.buildIsFact,
    fields: undefined,
  })
  return typeof rendered?.value === 'string' ? staticText(rendered, rendered.value) : undefined
}

/** Paths of this machine. */
export const localPaths: Coercion<readonly string[]> = (node, ctx) => {
  if (node.kind !== 'array') return texts(node, ctx)
  const items = node.items.flatMap((item, index) => pathOf(item, contextInside(ctx, item, index)) ?? [])
  return items.length === 0 ? undefined : items
}

function withoutTemplateFolder(text: TemplateText, { directory, template }: TemplateFolders): TemplateText {
  const [first, second, ...rest] = text.nodes
  if (!isTemplateFolder(first) || (second !== undefined && (second.kind !== 'text' || !second.text.startsWith('/')))) return text
  const folder = relative(directory, template)
  const below = second?.kind === 'text' ? second.text.slice(1) : ''
  const path = folder === '' ? below || '.' : normalize(`${folder}${second === undefined ? '' : '/'}${below}`)
  const nodes: readonly TemplateNode[] = [{ kind: 'text', text: path }, ...rest]
  return { source: text.source, nodes, needs: needsOf(nodes) }
}

function isTemplateFolder(node: TemplateNode | undefined): boolean {
  if (node?.kind !== 'action' || node.pipeline.commands.length !== 1) return false
  const [command] = node.pipeline.commands
  return command?.head.kind === 'function' && command.head.name === 'template_dir'
}
