import type { RenderedText } from '../text/render-text.ts'
import type { Expression } from './expression.ts'

/** What a parameter is used as. */
export type ParameterKind = 'text' | 'flag' | 'number' | 'duration'

/** A part of the time at which a file is loaded, as text. */
export type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond'

/** A constant at the top of a file: the time, the file's own folder. */
export type FileConstant = 'now' | 'directory' | DatePart

/** What code that is written into a file can refer to; each reference is noted. */
export interface CodeWriter {
  /** A text of the template, in which variables are parameters. */
  text(rendered: RenderedText): Expression
  /** The same where another kind of value is wanted. `literal` is that value when no variable is in the text. */
  as(rendered: RenderedText, kind: Exclude<ParameterKind, 'text'>, literal: Expression): Expression
  /** Whether a text is there. */
  notEmpty(rendered: RenderedText): Expression
  /** A parameter: `p.name`. `kind` is what this use wants; the answer says what it is, and a use that wants something else converts it. */
  parameter(name: string, kind: ParameterKind): { readonly code: string; readonly kind: ParameterKind }
  /** A name from a package: it is imported. */
  imported(packageName: string, name: string): string
  /** The same for a type. */
  importedType(packageName: string, name: string): string
  /** The name of a constant at the top of the file. */
  constant(constant: FileConstant): string
  /** Says that something could not be written as it stands in the template. */
  warn(message: string): void
}
