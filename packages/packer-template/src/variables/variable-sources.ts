import type { JsonNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import { parseJson } from '../json/parse-json.ts'
import type { Reports } from '../reports.ts'
import { inside } from '../reports.ts'

/** Where values of variables come from; the first that has a name wins. */
export interface VariableSources {
  /** `--var name=value` */
  readonly vars?: Readonly<Record<string, string>>
  /** `--var-file`: JSON, with comments. Of two files that have a name, the later one wins. */
  readonly files?: readonly { readonly path: string; readonly text: string }[]
  /** `IMAGO_VAR_name` and `PKR_VAR_name`, by name. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A value that was given for a variable. */
export interface GivenValue {
  readonly value: string
  /** For messages: `--var`, a file's path. */
  readonly from: string
}

/**
 * The values that were given, by the names of variables.
 * @throws ImagoError `DEFINITION_INVALID` for a file that is no JSON
 */
export function givenValues(sources: VariableSources, reports: Reports): ReadonlyMap<string, GivenValue> {
  const given = new Map<string, GivenValue>()
  for (const [name, value] of Object.entries(sources.environment ?? {})) given.set(name, { value, from: `PKR_VAR_${name}` })
  for (const { path, text } of sources.files ?? []) {
    for (const [name, value] of readFile(path, text, reports)) given.set(name, { value, from: path })
  }
  for (const [name, value] of Object.entries(sources.vars ?? {})) given.set(name, { value, from: '--var' })
  return given
}

function readFile(path: string, text: string, reports: Reports): readonly (readonly [string, string])[] {
  const { root, warnings } = parseJson(text, path)
  reports.warnings.push(...warnings)
  const location = { at: root.at, path: [] }
  if (root.kind !== 'object') {
    reports.problem(location, `a file of variables is an object, and this is ${describeNode(root)}`)
    return []
  }
  return [...root.members].flatMap(([name, { at, value }]) => {
    const plain = plainText(value)
    if (plain !== undefined) return [[name, plain] as const]
    reports.problem(inside(location, at, name), `must be a string, not ${describeNode(value)}`)
    return []
  })
}

function plainText(node: JsonNode): string | undefined {
  if (node.kind === 'text') return node.value
  return node.kind === 'plain' && node.value !== null ? String(node.value) : undefined
}
