import type { Expression } from './expression.ts'

/** A piece of TypeScript that may take several lines. */
export type Layout = Expression | ListLayout | ObjectLayout | ArrowLayout | CallLayout | ChainLayout | EitherLayout

/** `[a, b]` */
export interface ListLayout {
  readonly kind: 'list'
  readonly items: readonly ListItem[]
}

/** An item of a list, or a comment in its place. */
export type ListItem = Layout | CommentLine

/** `{ a: 1, b }` */
export interface ObjectLayout {
  readonly kind: 'object'
  readonly entries: readonly ObjectEntry[]
}

/** A member of an object, a spread, or a comment. */
export type ObjectEntry =
  | { readonly kind: 'member'; readonly name: string; readonly value: Layout }
  | { readonly kind: 'spread'; readonly condition: Expression; readonly name: string; readonly value: Layout }
  | CommentLine

/** Comment lines, without the slashes. */
export interface CommentLine {
  readonly kind: 'comment'
  readonly lines: readonly string[]
}

/** `(facts) => body` */
export interface ArrowLayout {
  readonly kind: 'arrow'
  readonly parameters: string
  readonly body: Layout
}

/** `callee(a, b)` */
export interface CallLayout {
  readonly kind: 'call'
  readonly callee: string
  readonly args: readonly Layout[]
}

/** `condition ? yes : no`, in the place of an option's value */
export interface EitherLayout {
  readonly kind: 'either'
  readonly condition: Expression
  readonly yes: Layout
  readonly no: Layout
}

/** `head.first().second(a)`: calls of methods, one after the other. */
export interface ChainLayout {
  readonly kind: 'chain'
  readonly head: string
  readonly calls: readonly CallLayout[]
}
