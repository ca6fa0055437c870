import type { RenderedText } from '../text/render-text.ts'
import type { Variables } from '../variables/resolve-variables.ts'
import type { CodeWriter, FileConstant, ParameterKind } from './code-writer.ts'
import type { Expression } from './expression.ts'
import { quote } from './expression.ts'
import { camelCase, Identifiers } from './identifiers.ts'
import { lineWidth } from './print-layout.ts'
import { writeAs, writeNotEmpty, writeText } from './write-text.ts'

/** An import of one name. */
interface Import {
  readonly name: string
  readonly local: string
  readonly isType: boolean
}

/** Writes code for one file, and notes what the file needs for it. */
export class FileWriter implements CodeWriter {
  readonly names: Identifiers = new Identifiers()
  readonly constants: Set<FileConstant> = new Set()
  readonly warnings: string[] = []
  /** What each parameter was wanted as. */
  readonly uses: Map<string, Set<ParameterKind>> = new Map()
  readonly #imports = new Map<string, Map<string, Import>>()
  readonly #derived = new Map<string, string>()
  readonly #variables: Variables
  readonly #kinds: ReadonlyMap<string, ParameterKind>

  /** @param kinds What each parameter is; of those that are not in it, each use gets what it wants */
  constructor(variables: Variables, kinds: ReadonlyMap<string, ParameterKind> = new Map()) {
    this.#variables = variables
    this.#kinds = kinds
  }

  text(rendered: RenderedText): Expression {
    return writeText(rendered, this)
  }

  as(rendered: RenderedText, kind: Exclude<ParameterKind, 'text'>, literal: Expression): Expression {
    return writeAs(rendered, kind, literal, this)
  }

  notEmpty(rendered: RenderedText): Expression {
    return writeNotEmpty(rendered, this)
  }

  parameter(name: string, kind: ParameterKind): { readonly code: string; readonly kind: ParameterKind } {
    const uses = this.uses.get(name) ?? new Set()
    this.uses.set(name, uses.add(kind))
    if (isDerived(this.#variables, name)) return { code: this.derivedName(name), kind: 'text' }
    return { code: memberOf('p', name), kind: this.#kinds.get(name) ?? kind }
  }

  /** The constant that holds a variable whose default is made from others. */
  derivedName(name: string): string {
    const known = this.#derived.get(name) ?? this.names.take(camelCase(name))
    this.#derived.set(name, known)
    return known
  }

  imported(packageName: string, name: string): string {
    return this.#import(packageName, name, false)
  }

  importedType(packageName: string, name: string): string {
    return this.#import(packageName, name, true)
  }

  constant(constant: FileConstant): string {
    this.constants.add(constant)
    if (constant !== 'now' && constant !== 'directory') this.constants.add('now')
    return constant
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  /** A writer for what stands in a comment: the file needs nothing for it. */
  aside(): FileWriter {
    return new FileWriter(this.#variables, this.#kinds)
  }

  /** The packages that the file needs, in order. */
  packages(): readonly string[] {
    return [...this.#imports.keys()].toSorted(compare)
  }

  /** The lines that import. */
  importLines(): readonly string[] {
    return this.packages().flatMap((packageName) => {
      const names = [...(this.#imports.get(packageName)?.values() ?? [])].toSorted((a, b) => compare(a.name, b.name))
      return [false, true].flatMap((isType) => {
        const list = names
          .filter((each) => each.isType === isType)
          .map(({ name, local }) => (name === local ? name : `${name} as ${local}`))
        if (list.length === 0) return []
        const [open, from] = [`import ${isType ? 'type ' : ''}{`, `} from ${quote(packageName)}`]
        const line = `${open} ${list.join(', ')} ${from}`
        return line.length <= lineWidth ? [line] : [open, ...list.map((name) => `  ${name},`), from]
      })
    })
  }

  #import(packageName: string, name: string, isType: boolean): string {
    const names = this.#imports.get(packageName) ?? new Map<string, Import>()
    this.#imports.set(packageName, names)
    const known = names.get(name)
    if (known !== undefined) return known.local
    const wanted = this.names.isFree(name) || !packageName.includes('post-processor') ? name : `${name}PostProcessor`
    const local = name === 'z' ? name : this.names.take(wanted)
    names.set(name, { name, local, isType })
    return local
  }
}

/** Whether a variable's default is made from other variables. */
export function isDerived(variables: Variables, name: string): boolean {
  return (variables.get(name)?.default?.needs.variables.size ?? 0) > 0
}

/** A member of an object, by a name that may be anything. */
export function memberOf(object: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${object}.${name}` : `${object}[${quote(name)}]`
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
