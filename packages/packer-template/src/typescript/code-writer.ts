/** What a parameter is used as. */
export type ParameterKind = 'text' | 'flag' | 'number' | 'duration'

/** A part of the time at which a file is loaded, as text. */
export type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond'

/** A constant at the top of a file: the time, the file's own folder. */
export type FileConstant = 'now' | 'directory' | DatePart

/** What code that is written into a file can refer to; each reference is noted. */
export interface CodeWriter {
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
