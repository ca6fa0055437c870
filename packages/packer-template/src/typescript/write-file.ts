import type { ImageModel } from '../image/image-model.ts'
import type { Variables } from '../variables/resolve-variables.ts'
import type { DatePart, FileConstant, ParameterKind } from './code-writer.ts'
import { FileWriter, isDerived } from './file-writer.ts'
import { imageLayout } from './image-layout.ts'
import type { CallLayout } from './layout.ts'
import { derivedConstants, parameterEntries, parameterKinds } from './parameters.ts'
import { printLayout } from './print-layout.ts'
import type { SharedConstant } from './shared-constants.ts'
import { shareRepeated } from './shared-constants.ts'

/** What a file is written from. */
export interface FileSource {
  /** The template's file, for the first line. */
  readonly from: string
  readonly model: ImageModel
  readonly variables: Variables
  /** An expression for the template's own folder. */
  readonly templateFolder: string
}

/** A file of TypeScript. */
export interface WrittenFile {
  readonly code: string
  /** The packages that it imports, in order. */
  readonly packages: readonly string[]
  /** Its parameters, and what they are. */
  readonly parameters: ReadonlyMap<string, ParameterKind>
  /** What could not be written as it stands in the template. */
  readonly warnings: readonly string[]
}

/** Writes an image definition as a file of TypeScript. */
export function writeFile(source: FileSource): WrittenFile {
  const { model, variables } = source
  const trial = new FileWriter(variables)
  imageLayout(model, trial)
  const kinds = parameterKinds(variables, trial.uses)
  const writer = new FileWriter(variables, kinds)
  const { image, constants } = shareRepeated(imageLayout(model, writer), writer.names)
  const names = parameterNames(variables, writer.uses)
  const parameters = names.length === 0 ? [] : writeParameters(names, kinds, variables, writer)
  const derived = derivedConstants(variables, new Set(writer.uses.keys()), writer)
  const body = writeExport(image, { constants, derived, hasParameters: names.length > 0, writer })
  const sections = [
    [`// Converted from ${source.from} by imago convert.`],
    writer.importLines(),
    constantLines(writer.constants, source.templateFolder),
    ...constants.filter(({ usesParameters }) => !usesParameters).map((constant) => [constantText(constant)]),
    parameters,
    [body],
  ]
  const code = `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`
  const kindOf = (name: string): ParameterKind => kinds.get(name) ?? 'text'
  return {
    code,
    packages: writer.packages(),
    parameters: new Map(names.map((name) => [name, kindOf(name)])),
    warnings: writer.warnings,
  }
}

/** Every variable that is declared, and what is used without being declared; not those that are put in where they are used. */
function parameterNames(variables: Variables, uses: ReadonlyMap<string, unknown>): readonly string[] {
  const declared = [...variables.values()].filter(({ declaration, late }) => declaration !== undefined && late === undefined)
  const inDefaults = declared.flatMap((variable) => [...(variable.default?.needs.variables ?? [])])
  return [...new Set([...declared.map(({ name }) => name), ...inDefaults, ...uses.keys()])]
}

function writeParameters(
  names: readonly string[],
  kinds: ReadonlyMap<string, ParameterKind>,
  variables: Variables,
  writer: FileWriter,
): readonly string[] {
  const entries = parameterEntries(variables, names, kinds, writer)
  const z = writer.imported('zod', 'z')
  const schema = printLayout(
    { kind: 'call', callee: `${z}.object`, args: [{ kind: 'object', entries }] },
    { indent: 0, before: 19, after: 0 },
  )
  const times = names.some((name) => kinds.get(name) === 'duration' && !isDerived(variables, name))
  const duration = `const duration = ${z}.templateLiteral([${z}.number(), ${z}.enum(['ms', 's', 'm', 'h', 'd'])])\n`
  return [...(times ? [duration] : []), `const parameters = ${schema}`]
}

interface ExportParts {
  readonly constants: readonly SharedConstant[]
  readonly derived: readonly string[]
  readonly hasParameters: boolean
  readonly writer: FileWriter
}

function writeExport(image: CallLayout, { constants, derived, hasParameters, writer }: ExportParts): string {
  if (!hasParameters) return `export default ${printLayout(image, { indent: 0, before: 15, after: 0 })}`
  const parameterized = writer.imported('@imago/core', 'parameterized')
  const inside = [...derived, ...constants.filter(({ usesParameters }) => usesParameters).map(constantText)]
  const p = writer.uses.size === 0 ? '()' : '(p)'
  if (inside.length === 0) {
    const text = printLayout(image, { indent: 2, before: 2, after: 1 })
    return `export default ${parameterized}(parameters, ${p} =>\n  ${text},\n)`
  }
  const lines = inside.flatMap((line) => line.split('\n')).map((line) => (line === '' ? '' : `  ${line}`))
  const text = printLayout(image, { indent: 2, before: 9, after: 0 })
  return `export default ${parameterized}(parameters, ${p} => {\n${lines.join('\n')}\n  return ${text}\n})`
}

function constantText({ name, value, isConst }: SharedConstant): string {
  const end = isConst ? ' as const' : ''
  return `const ${name} = ${printLayout(value, { indent: 0, before: name.length + 9, after: end.length })}${end}`
}

const dateParts: readonly DatePart[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond']

function constantLines(constants: ReadonlySet<FileConstant>, templateFolder: string): readonly string[] {
  const last = dateParts.findLastIndex((part) => constants.has(part))
  const parts = dateParts.slice(0, last + 1).map((part) => (constants.has(part) ? part : ''))
  return [
    ...(constants.has('now') ? ['const now = new Date()'] : []),
    ...(parts.length > 0 ? [`const [${parts.join(', ')}] = now.toISOString().split(/\\D/)`] : []),
    ...(constants.has('directory') ? [`const directory = ${templateFolder}`] : []),
  ]
}
