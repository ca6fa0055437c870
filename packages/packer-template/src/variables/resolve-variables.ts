import type { Place } from '../json/json-node.ts'
import { evaluate } from '../language/evaluate.ts'
import type { GoFunctions } from '../language/go-function.ts'
import { stringFunction } from '../language/go-function.ts'
import { LanguageError } from '../language/language-error.ts'
import type { Location, Reports } from '../reports.ts'
import type { Template, VariableDeclaration } from '../template/template.ts'
import type { TemplateText } from '../text/template-text.ts'
import { parseText } from '../text/template-text.ts'
import type { ExternalResolver } from './external-values.ts'
import { asksFor, askExternal, externalValueFunctions } from './external-values.ts'
import type { GivenValue } from './variable-sources.ts'

/** A variable and the value that it has now. */
export interface Variable {
  readonly name: string
  readonly value: string
  /** `'missing'`: it must be given, was not, and stands for something of its kind. */
  readonly origin: 'default' | 'given' | 'missing'
  readonly declaration?: VariableDeclaration
  /** The default, parsed. */
  readonly default?: TemplateText
  /** It must not show up anywhere. */
  readonly sensitive: boolean
  /** Its value holds what is only known while a build runs (`{{.HTTPIP}}`), and is rendered where it is used. */
  readonly late?: TemplateText
}

/** The variables of a template by name: those that are declared, and those that were given. */
export type Variables = ReadonlyMap<string, Variable>

/** What values of variables depend on. */
export interface VariableContext {
  readonly given: ReadonlyMap<string, GivenValue>
  /** An environment variable's value. */
  readonly env: (name: string) => string | undefined
  /** Functions that are the same everywhere in the template. */
  readonly functions: GoFunctions
  readonly external?: ExternalResolver | undefined
  /** What is missing is no problem: the template is only looked at. @default false */
  readonly mayMiss?: boolean | undefined
}

/** The value of each variable: what was given, else its default, in which others may be used. */
export async function resolveVariables(template: Template, context: VariableContext, reports: Reports): Promise<Variables> {
  const sources = [...new Set([...template.variables.keys(), ...context.given.keys()])].map((name) => sourceOf(name, template, context))
  const parsed = sources.flatMap((source) => parsedSource(source, context, reports))
  const texts = parsed.flatMap(({ text, fallback }) => [text, fallback].filter((each) => each !== undefined))
  const external = externalValueFunctions(await askExternal(texts, context.external))
  const resolution = new Resolution(parsed, { ...context.functions, ...external }, context, reports)
  return resolution.all()
}

/** Where a variable's value comes from. */
interface Source {
  readonly name: string
  readonly location: Location
  readonly declaration: VariableDeclaration | undefined
  readonly given: GivenValue | undefined
  readonly sensitive: boolean
}

interface ParsedSource extends Source {
  /** What its value is made from; `undefined` when it is missing. */
  readonly text: TemplateText | undefined
  /** Its default. */
  readonly fallback: TemplateText | undefined
}

function sourceOf(name: string, template: Template, { given }: VariableContext): Source {
  const declaration = template.variables.get(name)
  const value = given.get(name)
  const at: Place = declaration?.at ?? { file: value?.from ?? template.file, line: 1, column: 1 }
  const location = { at, path: declaration?.path ?? [name] }
  return { name, location, declaration, given: value, sensitive: template.sensitive.includes(name) }
}

function parsedSource(source: Source, { mayMiss }: VariableContext, reports: Reports): ParsedSource[] {
  try {
    const declared = source.declaration?.default === undefined ? undefined : parseText(source.declaration.default.value)
    // A variable whose default is itself must be given.
    const fallback = declared?.needs.variables.has(source.name) === true ? undefined : declared
    const text = source.given === undefined ? fallback : parseText(source.given.value)
    const isSecret = text !== undefined && asksFor(text) === 'secret'
    if (mayMiss !== true || fallback === undefined || asksFor(fallback) === undefined) {
      return [{ ...source, fallback, text, sensitive: source.sensitive || isSecret }]
    }
    // Who only looks at a template asks nobody, and writes nothing down that was kept elsewhere.
    reports.warn(source.location, `the default of '${source.name}' is kept elsewhere, and is not asked for now: ${fallback.source}`)
    return [{ ...source, fallback: undefined, text: text === fallback ? undefined : text, sensitive: source.sensitive || isSecret }]
  } catch (error) {
    if (!(error instanceof LanguageError)) throw error
    reports.problem(source.location, error.message)
    return []
  }
}

class Resolution {
  readonly #sources: ReadonlyMap<string, ParsedSource>
  readonly #context: VariableContext
  readonly #reports: Reports
  readonly #functions: GoFunctions
  readonly #resolved = new Map<string, Variable>()
  /** Variables of which the values are being made. */
  readonly #making: string[] = []

  constructor(sources: readonly ParsedSource[], functions: GoFunctions, context: VariableContext, reports: Reports) {
    this.#sources = new Map(sources.map((source) => [source.name, source]))
    this.#context = context
    this.#reports = reports
    this.#functions = {
      ...functions,
      env: stringFunction(1, (name) => this.#context.env(name) ?? ''),
      user: stringFunction(1, (name) => this.#use(name)),
    }
  }

  all(): Variables {
    for (const source of this.#sources.values()) {
      if (this.#resolved.has(source.name)) continue
      try {
        this.#resolve(source)
      } catch (error) {
        if (!(error instanceof LanguageError)) throw error
        this.#reports.problem(source.location, error.message)
        this.#making.length = 0
      }
    }
    return this.#resolved
  }

  #use(name: string): string {
    const known = this.#resolved.get(name)
    if (known !== undefined) return known.value
    if (this.#making.includes(name)) throw new LanguageError(`variables depend on each other: ${[...this.#making, name].join(', ')}`)
    const source = this.#sources.get(name)
    if (source === undefined) throw new LanguageError(`there is no variable '${name}', and others depend on it`)
    return this.#resolve(source).value
  }

  #resolve(source: ParsedSource): Variable {
    const variable = this.#make(source)
    this.#resolved.set(source.name, variable)
    return variable
  }

  #make({ name, text, fallback, given, declaration, location, sensitive }: ParsedSource): Variable {
    const common = {
      name,
      sensitive,
      ...(declaration !== undefined && { declaration }),
      ...(fallback !== undefined && { default: fallback }),
    }
    if (text === undefined) {
      if (this.#context.mayMiss !== true) {
        this.#reports.problem(location, `the variable '${name}' must be given a value`, `--var ${name}=…`)
      }
      return { ...common, value: name, origin: 'missing' }
    }
    const origin = given === undefined ? 'default' : 'given'
    if (text.needs.fields.size > 0 || text.needs.functions.has('build')) return { ...common, value: text.source, origin, late: text }
    this.#making.push(name)
    const value = evaluate(text.nodes, { dot: undefined, functions: this.#functions })
    this.#making.pop()
    return { ...common, value, origin }
  }
}
