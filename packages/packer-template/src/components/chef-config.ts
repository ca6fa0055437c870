import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import type { ChefSettings } from '@imago/provisioner-chef'

import { fromRendered, knownText } from '../mapping/coercions.ts'
import { currentText } from '../mapping/current-value.ts'
import type { TemplateNode } from '../language/ast.ts'
import type { Model } from '../mapping/known.ts'
import { emptyText, lateTextList } from '../mapping/list-coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentContext } from '../mapping/table.ts'
import { inside } from '../reports.ts'
import type { FieldTable } from '../text/field-table.ts'
import type { KnownField } from '../text/fold-fields.ts'
import { foldFields } from '../text/fold-fields.ts'
import { needsOf } from '../text/text-needs.ts'

/** What the settings of a step say of it. */
export interface ChefFields {
  /** Known when the template is read. */
  readonly known: Readonly<Record<string, KnownField>>
  /** Known when the build runs. */
  readonly late: FieldTable
  /** Fields that name what is in the staging directory. */
  readonly staged: readonly string[]
}

/** Settings of Chef, and whether they name the staging directory. */
export interface ChefConfig {
  readonly config: Model<string | ChefSettings>
  readonly namesStaging: boolean
}

/** `config_template`: a file that is read as it is, or a template that is rendered here. */
export function chefConfig({ known: values, late, staged }: ChefFields, ctx: ComponentContext): ChefConfig | undefined {
  const member = ctx.options.members.get('config_template')
  if (member === undefined) return undefined
  const where = { ...ctx, ...inside(ctx, member.at, 'config_template') }
  const path = localPath(member.value, where)
  if (path === undefined) return undefined
  const file = currentText(path) ?? ''
  const text = textOf(resolve(ctx.folders.directory, file))
  // that it is not there is found when all files are looked for
  if (text?.includes('{{') !== true) return { config: path, namesStaging: false }
  const node = { kind: 'text', at: { file, line: 1, column: 1 }, value: text } as const
  const parsed = ctx.renderer.parse(node, where)
  if (parsed === undefined) return undefined
  const nodes = foldFields(parsed.nodes, values)
  const scope = { build: ctx.build, buildIsFact: ctx.buildIsFact, fields: late }
  const lines = linesOf(nodes).map((line) => {
    const rendered = ctx.renderer.renderParsed({ source: text, nodes: line, needs: needsOf(line) }, { ...where, at: node.at }, scope)
    return rendered === undefined ? undefined : (fromRendered(rendered) ?? emptyText)
  })
  const namesStaging = staged.some((name) => parsed.needs.fields.has(name))
  return lines.every((line) => line !== undefined) ? { config: { content: lateTextList(lines) }, namesStaging } : undefined
}

/** The nodes of each line. A condition that goes over several stays with the line that it begins in. */
function linesOf(nodes: readonly TemplateNode[]): readonly (readonly TemplateNode[])[] {
  const lines: TemplateNode[][] = [[]]
  for (const node of nodes) {
    const [first = '', ...more] = node.kind === 'text' ? node.text.split(/\r?\n/) : []
    lines.at(-1)?.push(node.kind === 'text' ? { kind: 'text', text: first } : node)
    lines.push(...more.map((text): TemplateNode[] => [{ kind: 'text', text }]))
  }
  // there is nothing behind the last line's end
  return lines
    .map((line) => line.filter((node) => node.kind !== 'text' || node.text !== ''))
    .filter((line, index) => index < lines.length - 1 || line.length > 0)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** A field that is an option of the step, with the variables that are in it; empty when the option is not there. */
export function optionField(name: string, ctx: ComponentContext): KnownField {
  const member = ctx.options.members.get(name)
  if (member === undefined) return textField('')
  const where = { ...ctx, ...inside(ctx, member.at, name) }
  const value = knownText(member.value, where)?.value ?? ''
  const parsed = member.value.kind === 'text' ? ctx.renderer.parse(member.value, where) : undefined
  return { nodes: parsed?.nodes ?? textField(value).nodes, value }
}

/** A field that is this. */
export function textField(value: string | boolean): KnownField {
  return { nodes: [{ kind: 'text', text: String(value) }], value }
}
