import type { GitFormula } from '@imago/provisioner-salt'

import type { JsonNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import { renderLeaf, staticText } from '../mapping/coercions.ts'
import type { Known, Model } from '../mapping/known.ts'
import type { Coercion, OptionContext } from '../mapping/option-context.ts'
import { contextInside } from '../mapping/option-context.ts'
import type { RenderedText } from '../text/render-text.ts'
import { needsOf } from '../text/text-needs.ts'

const example = "such as 'git::https://example.org/vault-formula.git//vault?ref=v1'"

/** `formulas`: repositories of Git, and the folder of each: `git::https://example.org/vault-formula.git//vault?ref=v1`. */
export const formulas: Coercion<readonly GitFormula[]> = (node, ctx) => {
  const items: readonly JsonNode[] = node.kind === 'array' ? node.items : [node]
  const read = items.flatMap((item, index) => formulaOf(item, contextInside(ctx, item, index)) ?? [])
  return read.length === 0 ? undefined : read
}

function formulaOf(node: JsonNode, ctx: OptionContext): Model<GitFormula> | undefined {
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object') return undefined
  const [url, rest = []] = parted(withoutGetter(rendered.text.nodes), /(?<=\.git)\/\//)
  const [folder, query] = parted(rest, /\?/)
  const [, ref] = query === undefined ? [] : parted(query, /^ref=/)
  const parts = { git: part(url, rendered, ctx), path: part(folder, rendered, ctx), ref: ref && part(ref, rendered, ctx) }
  if (parts.git === undefined || parts.path === undefined) {
    ctx.reports.problem(ctx, `'${rendered.text.source}' is no formula`, example)
    return undefined
  }
  if (query !== undefined && parts.ref?.value.includes('&') !== false) {
    ctx.reports.strictProblem(ctx, `of '${rendered.text.source}' only 'ref' has a counterpart behind the '?'`, example)
  }
  return { git: parts.git, path: parts.path, ...(parts.ref !== undefined && { ref: parts.ref }) }
}

function withoutGetter([first, ...rest]: readonly TemplateNode[]): readonly TemplateNode[] {
  if (first === undefined) return rest
  return first.kind === 'text' ? [{ ...first, text: first.text.replace(/^git::/, '') }, ...rest] : [first, ...rest]
}

/** What stands before and behind the first place where text matches. */
function parted(nodes: readonly TemplateNode[], separator: RegExp): readonly [readonly TemplateNode[], (readonly TemplateNode[])?] {
  for (const [index, node] of nodes.entries()) {
    const found = node.kind === 'text' ? separator.exec(node.text) : null
    if (node.kind !== 'text' || found === null) continue
    const [before, behind] = [node.text.slice(0, found.index), node.text.slice(found.index + found[0].length)]
    return [
      [...nodes.slice(0, index), ...textNodes(before)],
      [...textNodes(behind), ...nodes.slice(index + 1)],
    ]
  }
  return [nodes]
}

function textNodes(text: string): readonly TemplateNode[] {
  return text === '' ? [] : [{ kind: 'text', text }]
}

function part(nodes: readonly TemplateNode[], { text, scope }: RenderedText, ctx: OptionContext): Known<string> | undefined {
  const rendered = ctx.renderer.renderParsed({ source: text.source, nodes, needs: needsOf(nodes) }, ctx, scope)
  return typeof rendered?.value === 'string' ? staticText(rendered, rendered.value) : undefined
}
