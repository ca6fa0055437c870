import type { TemplateNode } from '../language/ast.ts'
import { pureFunctions } from '../language/packer-functions.ts'
import { parseTemplate } from '../language/parser.ts'
import type { TextNeeds } from './text-needs.ts'
import { needsOf } from './text-needs.ts'

/** A text of a template, parsed. */
export interface TemplateText {
  readonly source: string
  readonly nodes: readonly TemplateNode[]
  readonly needs: TextNeeds
}

/** Functions that need to know the template, its variables or the build. */
const contextFunctions = [
  'aws_secretsmanager',
  'build',
  'build_name',
  'build_type',
  'consul_key',
  'env',
  'packer_version',
  'pwd',
  'template_dir',
  'user',
  'vault',
] as const
const functionNames: ReadonlySet<string> = new Set([...contextFunctions, ...Object.keys(pureFunctions(new Date(0)))])

/** Parses a text. @throws LanguageError */
export function parseText(source: string): TemplateText {
  const nodes = parseTemplate(source, (name) => functionNames.has(name))
  return { source, nodes, needs: needsOf(nodes) }
}
