import type { JsonNode } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import type { FieldTable } from '../text/field-table.ts'
import type { RenderedText, TextRenderer } from '../text/render-text.ts'
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

/** A text of an option, for its build. */
export function renderText(node: Extract<JsonNode, { kind: 'text' }>, ctx: OptionContext, fields?: FieldTable): RenderedText | undefined {
  return ctx.renderer.render(node, ctx, { build: ctx.build, buildIsFact: ctx.buildIsFact, fields })
}

/** The context of something inside the option. */
export function contextInside(ctx: OptionContext, node: JsonNode, ...names: readonly (string | number)[]): OptionContext {
  return { ...ctx, at: node.at, path: [...ctx.path, ...names] }
}
