import type { JsonNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import { knownText } from '../mapping/coercions.ts'
import type { Known } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { Coercion, OptionContext } from '../mapping/option-context.ts'
import { contextInside } from '../mapping/option-context.ts'
import type { FieldTable } from '../text/field-table.ts'
import { needsOf } from '../text/text-needs.ts'
import { textExpression } from '../typescript/expression.ts'

/** What a command that runs a script is made of: text, the fields that stand for the script, and texts that variables hold. */
export type CommandPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: FieldKind }
  | { readonly kind: 'value'; readonly value: Known<string> }

/** Fields of commands: the script's environment, the script, the file with its environment, the image of a container. */
type FieldKind = 'vars' | 'path' | 'env-file' | 'image'

/** An `execute_command`, taken apart. */
export type CommandPieces = readonly CommandPiece[]

const noFields: FieldTable = {}
const fieldKinds: Readonly<Record<string, FieldKind>> = {
  Vars: 'vars',
  Path: 'path',
  Script: 'path',
  EnvVarFile: 'env-file',
  Image: 'image',
}

/** Reads a command that runs a script: `{{.Vars}} sudo -E sh '{{.Path}}'`. */
export const commandPieces: Coercion<CommandPieces> = (node, ctx) => {
  const pieces = piecesOf(node, ctx)
  return pieces === undefined || pieces.length === 0
    ? undefined
    : known({ value: pieces, key: keyOfPieces(pieces), code: () => textExpression('') })
}

/** Reads such commands that are lists of words. */
export const commandWords: Coercion<readonly CommandPieces[]> = (node, ctx) => {
  if (node.kind !== 'array') {
    const pieces = piecesOf(node, ctx)
    return pieces && known({ value: [pieces], key: keyOfPieces(pieces), code: () => textExpression('') })
  }
  const words = node.items.flatMap((item, index) => {
    const pieces = piecesOf(item, contextInside(ctx, item, index))
    return pieces === undefined ? [] : [pieces]
  })
  return known({ value: words, key: words.map(keyOfPieces).join(' '), code: () => textExpression('') })
}

function piecesOf(node: JsonNode, ctx: OptionContext): CommandPieces | undefined {
  if (node.kind !== 'text') {
    const value = knownText(node, ctx)
    return value && [{ kind: 'text', text: value.value }]
  }
  const parsed = ctx.renderer.parse(node, ctx)
  if (parsed === undefined) return undefined
  return piecesOfNodes(ctx.renderer.withLateVariables(parsed).nodes, contextInside(ctx, node))
}

/** The pieces of a text that is parsed; what is wrong with it is reported, and `undefined` comes back. */
export function piecesOfNodes(nodes: readonly TemplateNode[], ctx: OptionContext): CommandPieces | undefined {
  const pieces = nodes.map((node) => pieceOf(node, ctx))
  return pieces.every((piece) => piece !== undefined) ? pieces : undefined
}

function pieceOf(node: TemplateNode, ctx: OptionContext): CommandPiece | undefined {
  if (node.kind === 'text') return { kind: 'text', text: node.text }
  const field = fieldKinds[fieldOf(node) ?? '']
  if (field !== undefined) return { kind: field }
  const text = { source: '', nodes: [node], needs: needsOf([node]) }
  const rendered = ctx.renderer.renderParsed(text, ctx, {
    build: ctx.build,
    buildIsFact: false,
    fields: text.needs.fields.size > 0 ? undefined : noFields,
  })
  if (typeof rendered?.value !== 'string') return undefined
  const { value } = rendered
  return { kind: 'value', value: known({ value, key: JSON.stringify(value), code: (writer) => writer.text(rendered) }) }
}

function fieldOf(node: TemplateNode): string | undefined {
  if (node.kind !== 'action' || node.pipeline.variables.length > 0 || node.pipeline.commands.length !== 1) return undefined
  const head = node.pipeline.commands[0]?.head
  return head?.kind === 'field' && head.fields.length === 1 ? head.fields[0] : undefined
}

function keyOfPieces(pieces: CommandPieces): string {
  return pieces
    .map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'value' ? `{${piece.value.key}}` : `{${piece.kind}}`))
    .join('')
}
