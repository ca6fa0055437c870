import type { GoValue } from './go-value.ts'

/** A part of a template. */
export type TemplateNode = TextNode | ActionNode | BranchNode | RangeNode | LoopControlNode

/** Text that stands for itself. */
export interface TextNode {
  readonly kind: 'text'
  readonly text: string
}

/** `{{ pipeline }}` */
export interface ActionNode {
  readonly kind: 'action'
  readonly pipeline: Pipeline
}

/** `{{if pipeline}} … {{else}} … {{end}}`, or `with`. */
export interface BranchNode {
  readonly kind: 'if' | 'with'
  readonly pipeline: Pipeline
  readonly body: readonly TemplateNode[]
  readonly otherwise: readonly TemplateNode[]
}

/** `{{range pipeline}} … {{else}} … {{end}}` */
export interface RangeNode {
  readonly kind: 'range'
  readonly pipeline: Pipeline
  readonly body: readonly TemplateNode[]
  readonly otherwise: readonly TemplateNode[]
}

/** `{{break}}` and `{{continue}}` */
export interface LoopControlNode {
  readonly kind: 'break' | 'continue'
}

/** Commands, each of which gets what the one before it makes as its last argument. */
export interface Pipeline {
  /** `$x := …`, or `$i, $x := …` of a range; without the `$`. */
  readonly variables: readonly string[]
  /** `=` and not `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

/** A function or value, and its arguments. */
export interface Command {
  readonly head: Operand
  readonly args: readonly Operand[]
}

/** What a command is made of. `fields` are taken from it one after the other: `$x.A.B`. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: GoValue }
  | { readonly kind: 'dot' }
  | { readonly kind: 'field'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly fields: readonly string[] }
