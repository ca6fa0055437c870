import type { Facts } from '@imago/core'
import { nameHint } from '@imago/core'

import type { JsonTextNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import { evaluate } from '../language/evaluate.ts'
import type { GoFunctions } from '../language/go-function.ts'
import { stringFunction } from '../language/go-function.ts'
import type { GoMap } from '../language/go-value.ts'
import { LanguageError } from '../language/language-error.ts'
import type { Location, Reports } from '../reports.ts'
import type { Variables } from '../variables/resolve-variables.ts'
import type { FieldTable } from './field-table.ts'
import { buildValues, untoldBuildValues } from './field-table.ts'
import type { TemplateText } from './template-text.ts'
import { parseText } from './template-text.ts'
import { needsOf } from './text-needs.ts'

/** For which build and which option a text is rendered. */
export interface RenderScope {
  readonly build: { readonly name: string; readonly type: string }
  /** The name of the build is asked of the facts, where that can be: the text is the same for several builds then. */
  readonly buildIsFact: boolean
  /** What is known while the build runs; `undefined` where the option must be known before. */
  readonly fields: FieldTable | undefined
}

/** A text of a template for a build. */
export interface RenderedText {
  readonly text: TemplateText
  readonly scope: RenderScope
  /** The text, or how to make it while the build runs. */
  readonly value: string | ((facts: Facts) => string)
  /** A variable in it must not show up anywhere. */
  readonly sensitive: boolean
  /** A variable in it has no value yet. */
  readonly missing: boolean
}

/** Renders the texts of one template. */
export class TextRenderer {
  readonly variables: Variables
  readonly #functions: GoFunctions
  readonly #reports: Reports
  readonly #parsed = new Map<string, TemplateText | LanguageError>()
  readonly #undeclared = new Set<string>()

  constructor(variables: Variables, functions: GoFunctions, reports: Reports) {
    this.variables = variables
    this.#functions = functions
    this.#reports = reports
  }

  /** Parses a text; what is wrong with it is reported, and `undefined` comes back. */
  parse(node: JsonTextNode, location: Location): TemplateText | undefined {
    const parsed = this.#parse(node.value)
    if (!(parsed instanceof LanguageError)) return parsed
    this.#reports.problem({ ...location, at: node.at }, `${parsed.message}: ${excerpt(node.value)}`)
    return undefined
  }

  /** Renders a text; what is wrong with it is reported, and `undefined` comes back. */
  render(node: JsonTextNode, location: Location, scope: RenderScope): RenderedText | undefined {
    const parsed = this.parse(node, location)
    return parsed && this.renderParsed(parsed, { ...location, at: node.at }, scope)
  }

  /** The same for a text that is parsed, or for a part of one. */
  renderParsed(parsed: TemplateText, where: Location, scope: RenderScope): RenderedText | undefined {
    const text = scope.fields === undefined ? parsed : this.withLateVariables(parsed)
    this.#noteUndeclared(text, where)
    const late = this.#isLate(text, where, scope)
    if (late === undefined) return undefined
    // most texts call none
    const functions = text.needs.functions.size === 0 ? {} : this.#functionsFor(scope)
    try {
      const value = late
        ? (facts: Facts) =>
            evaluate(text.nodes, { dot: fieldValues(scope.fields ?? {}, facts), functions: lateFunctions(functions, scope, facts) })
        : evaluate(text.nodes, { dot: undefined, functions })
      const used = [...text.needs.variables].map((name) => this.variables.get(name))
      return {
        text,
        scope,
        value,
        sensitive: used.some((variable) => variable?.sensitive === true),
        missing: used.some((variable) => variable?.origin === 'missing'),
      }
    } catch (error) {
      if (!(error instanceof LanguageError)) throw error
      this.#reports.problem(where, `${error.message}: ${excerpt(text.source)}`)
      return undefined
    }
  }

  #parse(source: string): TemplateText | LanguageError {
    const known = this.#parsed.get(source)
    if (known !== undefined) return known
    const parsed = parsedOrError(source)
    this.#parsed.set(source, parsed)
    return parsed
  }

  /** Puts in the place of variables that hold fields what they hold. */
  withLateVariables(text: TemplateText): TemplateText {
    if (![...text.needs.variables].some((name) => this.variables.get(name)?.late !== undefined)) return text
    const nodes = text.nodes.flatMap((node): readonly TemplateNode[] => {
      const name = variableOf(node)
      return (name === undefined ? undefined : this.variables.get(name)?.late?.nodes) ?? [node]
    })
    return { source: text.source, nodes, needs: needsOf(nodes) }
  }

  #noteUndeclared(text: TemplateText, where: Location): void {
    for (const name of text.needs.variables) {
      if (this.variables.has(name) || this.#undeclared.has(name)) continue
      this.#undeclared.add(name)
      const hint = nameHint(name, [...this.variables.keys()])
      this.#reports.warn(
        where,
        `the variable '${name}' is not declared and has no value: it is empty`,
        hint === 'there are none' ? undefined : hint,
      )
    }
  }

  /** Whether a text needs what is known only while the build runs; `undefined` when it must not. */
  #isLate({ needs, source }: TemplateText, where: Location, { fields, buildIsFact }: RenderScope): boolean | undefined {
    const asksBuild = needs.functions.has('build') || needs.fields.size > 0
    const asksName = needs.functions.has('build_name') || needs.functions.has('build_type')
    if (!asksBuild) return fields !== undefined && buildIsFact && asksName
    if (fields === undefined) {
      const what = [...needs.fields].map((name) => `.${name}`).concat(needs.functions.has('build') ? ['build'] : [])
      this.#reports.problem(
        where,
        `${what.join(', ')} is known only while the build runs, and this option must be known before: ${excerpt(source)}`,
      )
      return undefined
    }
    for (const name of [...needs.fields].filter((field) => !Object.hasOwn(fields, field))) {
      this.#reports.warn(where, `there is no '.${name}' here: it is '<no value>'`, nameHint(name, Object.keys(fields)))
    }
    for (const name of [...needs.buildValues].filter((value) => !Object.hasOwn(buildValues, value))) {
      const what = untoldBuildValues.has(name)
        ? `there is no counterpart of the build value '${name}' yet`
        : `there is no build value '${name}'`
      this.#reports.problem(where, what, nameHint(name, Object.keys(buildValues)))
    }
    return true
  }

  #functionsFor({ build }: RenderScope): GoFunctions {
    return {
      ...this.#functions,
      build_name: stringFunction(0, () => build.name),
      build_type: stringFunction(0, () => build.type),
      user: stringFunction(1, (name) => this.variables.get(name)?.value ?? ''),
      env: stringFunction(1, (name) => {
        throw new LanguageError(`'env' can be used in the defaults of variables only: give '${name}' to one`)
      }),
    }
  }
}

function parsedOrError(source: string): TemplateText | LanguageError {
  try {
    return parseText(source)
  } catch (error) {
    if (error instanceof LanguageError) return error
    throw error
  }
}

/** The variable that an action prints as it is. */
export function variableOf(node: TemplateNode | undefined): string | undefined {
  if (node?.kind !== 'action' || node.pipeline.variables.length > 0) return undefined
  const [command, ...others] = node.pipeline.commands
  if (command?.head.kind !== 'function' || command.head.name !== 'user' || others.length > 0) return undefined
  const [name, ...more] = command.args
  return name?.kind === 'literal' && typeof name.value === 'string' && more.length === 0 ? name.value : undefined
}

function fieldValues(fields: FieldTable, facts: Facts): GoMap {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.read(facts)]))
}

function lateFunctions(functions: GoFunctions, { buildIsFact }: RenderScope, facts: Facts): GoFunctions {
  return {
    ...functions,
    ...(buildIsFact && {
      build_name: stringFunction(0, () => facts.buildName),
      build_type: stringFunction(0, () => facts.builderType),
    }),
    build: stringFunction(1, (name) => buildValues[name]?.read(facts)),
  }
}

function excerpt(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}
