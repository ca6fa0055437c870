import type { Command, Operand, Pipeline, TemplateNode } from '../language/ast.ts'
import { evaluate } from '../language/evaluate.ts'
import { LanguageError } from '../language/language-error.ts'
import { textFunctions } from '../language/text-functions.ts'
import { isField } from './substitute-field.ts'
import { needsOf } from './text-needs.ts'

/** What a field of a text is known to be. */
export interface KnownField {
  /** What stands in its place where it is printed. */
  readonly nodes: readonly TemplateNode[]
  /** What it is now, for conditions. */
  readonly value: string | boolean
}

/** The nodes of a text without the fields that are known, and without the conditions that only they decide. */
export function foldFields(nodes: readonly TemplateNode[], fields: Readonly<Record<string, KnownField>>): readonly TemplateNode[] {
  return nodes.flatMap((node): readonly TemplateNode[] => {
    if (!('pipeline' in node)) return [node]
    const printed = Object.entries(fields).find(([name]) => isField(node, name))
    if (printed !== undefined) return printed[1].nodes
    const pipeline = foldPipeline(node.pipeline, fields)
    if (node.kind === 'action') return [{ ...node, pipeline }]
    if (node.kind !== 'if')
      return [{ ...node, pipeline, body: foldFields(node.body, fields), otherwise: foldFields(node.otherwise, fields) }]
    const holds = truthOf(pipeline)
    if (holds !== undefined) return foldFields(holds ? node.body : node.otherwise, fields)
    return [{ ...node, pipeline, body: foldFields(node.body, fields), otherwise: foldFields(node.otherwise, fields) }]
  })
}

/** Whether a condition holds, where it is the same for every build. */
function truthOf(pipeline: Pipeline): boolean | undefined {
  const body = [{ kind: 'text', text: 'yes' }] as const
  const condition = [{ kind: 'if', pipeline, body, otherwise: [] }] as const
  const { fields, functions } = needsOf(condition)
  if (pipeline.variables.length > 0 || fields.size > 0 || [...functions].some((name) => !Object.hasOwn(textFunctions, name)))
    return undefined
  try {
    return evaluate(condition, { dot: undefined, functions: textFunctions }) === 'yes'
  } catch (error) {
    if (error instanceof LanguageError) return undefined // said where the text is rendered
    throw error
  }
}

function foldPipeline(pipeline: Pipeline, fields: Readonly<Record<string, KnownField>>): Pipeline {
  const operand = (part: Operand): Operand => {
    if (part.kind === 'pipeline') return { ...part, pipeline: foldPipeline(part.pipeline, fields) }
    const known = part.kind === 'field' && part.fields.length === 1 ? fields[part.fields[0] ?? ''] : undefined
    return known === undefined ? part : { kind: 'literal', value: known.value }
  }
  const command = ({ head, args }: Command): Command => ({ head: operand(head), args: args.map(operand) })
  return { ...pipeline, commands: pipeline.commands.map(command) }
}
