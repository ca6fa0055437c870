import { asDuration, parseGoDuration } from '../mapping/go-duration.ts'
import { parseGoBool, parseGoInt } from '../mapping/go-coercion.ts'
import type { Variable, Variables } from '../variables/resolve-variables.ts'
import type { CodeWriter, ParameterKind } from './code-writer.ts'
import type { Expression } from './expression.ts'
import { code, printExpression, printOperand, quote, textExpression } from './expression.ts'
import type { FileWriter } from './file-writer.ts'
import { isDerived, memberOf } from './file-writer.ts'
import type { CallLayout, Layout, ObjectEntry } from './layout.ts'
import { writeDefault } from './write-text.ts'

/** What the values of variables are, from what they are used as. What is used as several things, or has no fitting default, is a text. */
export function parameterKinds(
  variables: Variables,
  uses: ReadonlyMap<string, ReadonlySet<ParameterKind>>,
): ReadonlyMap<string, ParameterKind> {
  const inDefaults = new Set([...variables.values()].flatMap((variable) => [...(variable.default?.needs.variables ?? [])]))
  return new Map(
    [...uses].map(([name, kinds]): readonly [string, ParameterKind] => {
      const [kind = 'text', ...others] = kinds
      const fits = others.length === 0 && !inDefaults.has(name) && valueAs(kind, variables.get(name)) !== undefined
      return [name, fits ? kind : 'text']
    }),
  )
}

/** The parameters of a file: the members of its schema. */
export function parameterEntries(
  variables: Variables,
  names: Iterable<string>,
  kinds: ReadonlyMap<string, ParameterKind>,
  writer: CodeWriter,
): readonly ObjectEntry[] {
  return [...names].map((name): ObjectEntry => {
    const kind = kinds.get(name) ?? 'text'
    return { kind: 'member', name, value: schemaOf(kind, name, variables, writer) }
  })
}

/** The constants of variables whose defaults are made from others, each after those that it needs. */
export function derivedConstants(variables: Variables, used: ReadonlySet<string>, writer: FileWriter): readonly string[] {
  const lines: string[] = []
  const done = new Set<string>()
  const write = (name: string): void => {
    if (done.has(name) || !isDerived(variables, name)) return
    done.add(name)
    const variable = variables.get(name)
    if (variable?.default === undefined) return
    for (const other of variable.default.needs.variables) write(other)
    const fallback = writeDefault(variable, writer)
    lines.push(`const ${writer.derivedName(name)} = ${memberOf('p', name)} ?? ${printOperand(fallback, 'nullish')}`)
  }
  for (const name of variables.keys()) if (used.has(name)) write(name)
  return lines
}

function schemaOf(kind: ParameterKind, name: string, variables: Variables, writer: CodeWriter): Layout {
  const z = writer.imported('zod', 'z')
  const variable = variables.get(name)
  const value = isDerived(variables, name) ? undefined : defaultOf(kind, variable, writer)
  const calls = [
    ...(kind === 'duration' ? [] : [call({ text: 'string', flag: 'boolean', number: 'number' }[kind])]),
    ...(isDerived(variables, name) ? [call('optional')] : []),
    ...(value === undefined ? [] : [call('default', value)]),
  ]
  const head = kind === 'duration' ? 'duration' : z
  return calls.length === 0 ? code(head) : { kind: 'chain', head, calls }
}

function call(callee: string, ...args: readonly Expression[]): CallLayout {
  return { kind: 'call', callee, args }
}

/** A variable that is not declared is empty; one whose default is `null` must be given. */
function defaultOf(kind: ParameterKind, variable: Variable | undefined, writer: CodeWriter): Expression | undefined {
  if (variable?.declaration === undefined) return kind === 'text' ? textExpression('') : code(valueAs(kind, undefined) ?? "''")
  const { default: text } = variable
  if (text === undefined) return undefined
  if (kind !== 'text') return code(valueAs(kind, variable) ?? "''")
  return text.needs.functions.size === 0 ? textExpression(text.source) : writeDefault(variable, writer)
}

/** A variable's default as a value of a kind, in TypeScript; `undefined` when it is none. One that must be given may be anything. */
function valueAs(kind: ParameterKind, variable: Variable | undefined): string | undefined {
  if (variable?.declaration !== undefined && variable.default === undefined) return ''
  const source = variable?.declaration === undefined ? '' : (variable.default?.source ?? '')
  if ((variable?.default?.needs.functions.size ?? 0) > 0) return kind === 'text' ? source : undefined
  switch (kind) {
    case 'text':
      return printExpression(textExpression(source))
    case 'flag': {
      const value = parseGoBool(source)
      return value === undefined ? undefined : String(value)
    }
    case 'number': {
      const value = parseGoInt(source)
      return value === undefined ? undefined : String(value)
    }
    default: {
      const ms = parseGoDuration(source)
      return ms === undefined ? undefined : quote(String(asDuration(ms)))
    }
  }
}
