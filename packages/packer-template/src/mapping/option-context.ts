import type { JsonNode, JsonTextNode } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import type { FieldTable } from '../text/field-table.ts'
import type { RenderedText, TextRenderer } from '../text/render-text.ts'
import type { TemplateText } from '../text/template-text.ts'
import type { Model } from './known.ts'
import type { TemplateFolders } from './template-folders.ts'

/** What reading an option needs. */
export interface OptionContext extends Location {
  readonly reports: Reports
  readonly renderer: TextRenderer
  readonly build: { readonly name: string; readonly type: string }
  readonly folders: TemplateFolders
  /** See `RenderScope`. */
  readonly buildIsFact: boolean
}

/** Reads an option's value as Packer does; `undefined` when that is as if it were not there, or when it was reported. */
export type Coercion<out T> = (node: JsonNode, ctx: OptionContext) => Model<T> | undefined

/** What is known while the build runs, and what is made of a text before it is rendered. */
export interface LateScope {
  readonly fields?: FieldTable
  readonly prepare?: (text: TemplateText) => TemplateText
}

/** A text of an option, for its build. */
export function renderText(node: JsonTextNode, ctx: OptionContext, late?: LateScope): RenderedText | undefined {
  const parsed = ctx.renderer.parse(node, ctx)
  if (parsed === undefined) return undefined
  const text = late?.prepare?.(ctx.renderer.withLateVariables(parsed)) ?? parsed
  const scope = { build: ctx.build, buildIsFact: ctx.buildIsFact, fields: late?.fields }
  return ctx.renderer.renderParsed(text, { ...ctx, at: node.at }, scope)
}

/** The context of something inside the option. */
export function contextInside(ctx: OptionContext, node: JsonNode, ...names: readonly (string | number)[]): OptionContext {
  return { ...ctx, at: node.at, path: [...ctx.path, ...names] }
}
