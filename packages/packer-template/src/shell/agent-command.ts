import type { JsonNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import type { Model } from '../mapping/known.ts'
import type { OptionContext } from '../mapping/option-context.ts'
import { isField } from '../text/substitute-field.ts'
import { needsOf } from '../text/text-needs.ts'
import { piecesOfNodes } from './command-piece.ts'
import type { ShellToken } from './shell-words.ts'
import { plainWord, shellTokens } from './shell-words.ts'
import { assignmentOf, marker, wordValue } from './word-value.ts'

/** How Packer calls an agent. */
export interface AgentCommandForm {
  readonly program: string
  /** Words behind the program: `apply`. */
  readonly verbs: readonly string[]
  /** What stands before the fields that the step passes by itself: the beginning of their word, or a word of its own, or nothing. */
  readonly fields: Readonly<Record<string, string>>
  /** One of them that the agent does nothing without. */
  readonly required?: string
  /** Arguments that the step always gives. */
  readonly own: readonly string[]
}

/** What an `execute_command` says beside what the step does anyway. */
export interface AgentCommand {
  readonly env: Readonly<Record<string, Model<string>>>
  /** `'asked'` where the option about it decides. */
  readonly sudo: 'asked' | 'always' | 'never'
  /** The folder of the program. */
  readonly binDirectory?: string
  readonly arguments: readonly Model<string>[]
}

/** Understands a command that runs an agent; `undefined` when it does something else too, or needs a shell. */
export function understandAgentCommand(node: JsonNode, form: AgentCommandForm, ctx: OptionContext): AgentCommand | undefined {
  const parsed = node.kind === 'text' ? ctx.renderer.parse(node, ctx) : undefined
  const nodes = parsed && marked(parsed.nodes, form)
  const pieces = nodes && piecesOfNodes(nodes, ctx)
  const tokens = pieces && shellTokens(pieces)
  if (tokens === undefined) return undefined
  const statements = statementsOf(tokens)
  const last = statements.at(-1)
  const env: Record<string, Model<string>> = {}
  if (last === undefined || !statements.slice(0, -1).every((statement) => readBefore(statement, env))) return undefined
  return readCall(last, form, env)
}

/** Fields that stand alone, for what the step brings by itself. */
const environmentFields = ['FacterVars', 'Vars']
const folderFields = ['PuppetBinDir']

/** The nodes with markers in the place of fields; `undefined` when there is another field in them, or another condition. */
function marked(nodes: readonly TemplateNode[], form: AgentCommandForm): readonly TemplateNode[] | undefined {
  const result: TemplateNode[] = []
  for (const node of nodes) {
    const part = markedNode(node, form)
    if (part === undefined) return undefined
    result.push(...part)
  }
  return result
}

function markedNode(node: TemplateNode, form: AgentCommandForm): readonly TemplateNode[] | undefined {
  if (node.kind === 'text') return [node]
  const names = [...needsOf([node]).fields]
  if (node.kind === 'if' && node.otherwise.length === 0) {
    const asksSudo = isField({ kind: 'action', pipeline: node.pipeline }, 'Sudo')
    const [only] = node.body
    if (asksSudo) return only?.kind === 'text' && /^\s*sudo(?:\s+-[EHn]+)*\s*$/.test(only.text) ? text(` ${marker('Sudo')} `) : undefined
    return names.every((name) => Object.hasOwn(form.fields, name) || folderFields.includes(name)) ? marked(node.body, form) : undefined
  }
  const [name] = names
  if (name === undefined) return [node]
  if (!isField(node, name)) return undefined
  if (environmentFields.includes(name)) return text(` ${marker('Vars')} `)
  const isKnown = Object.hasOwn(form.fields, name) || name === 'WorkingDir' || folderFields.includes(name)
  return isKnown ? text(marker(name)) : undefined
}

function text(value: string): readonly TemplateNode[] {
  return [{ kind: 'text', text: value }]
}

function statementsOf(tokens: readonly ShellToken[]): readonly (readonly ShellToken[])[] {
  const statements: ShellToken[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'operator' && ['&&', ';', '\n'].includes(token.text)) statements.push([])
    else statements.at(-1)?.push(token)
  }
  return statements.filter((statement) => statement.length > 0)
}

/** `export A=b`, and `cd` to where the step runs anyway. */
function readBefore([first, ...words]: readonly ShellToken[], env: Record<string, Model<string>>): boolean {
  switch (plainWord(first)) {
    case 'export':
      return words.length > 0 && words.every((word) => readAssignment(word, env))
    case 'cd':
      return words.length === 1 && plainWord(words[0]) === marker('WorkingDir')
    default:
      return false
  }
}

function readAssignment(word: ShellToken, env: Record<string, Model<string>>): boolean {
  const assignment = assignmentOf(word)
  if (assignment === undefined) return false
  const [name, value] = assignment
  env[name] = value
  return true
}

function readCall(tokens: readonly ShellToken[], form: AgentCommandForm, env: Record<string, Model<string>>): AgentCommand | undefined {
  const words = tokens.filter((token) => plainWord(token) !== marker('Vars'))
  let sudo: AgentCommand['sudo'] = 'never'
  let at = 0
  for (let word = words[at]; word !== undefined; word = words[++at]) {
    const plain = plainWord(word)
    if (plain === marker('Sudo')) sudo = 'asked'
    else if (plain === 'sudo') sudo = 'always'
    else if (plain === 'env' || (sudo === 'always' && /^-[EHn]+$/.test(plain ?? ''))) continue
    else if (!readAssignment(word, env)) break
  }
  const folder = folderOf(plainWord(words[at]), form.program)
  const verbs = words.slice(at + 1, at + 1 + form.verbs.length).map(plainWord)
  if (folder === undefined || verbs.join(' ') !== form.verbs.join(' ')) return undefined
  const args = ownArguments(words.slice(at + 1 + form.verbs.length), form)
  return args && { env, sudo, ...(folder !== '' && { binDirectory: folder }), arguments: args }
}

/** Where the program is: an absolute path, or nothing where it is looked for; `undefined` when it is another program. */
function folderOf(word: string | undefined, program: string): string | undefined {
  if (word === program || word === `${marker('PuppetBinDir')}/${program}` || word === `${marker('PuppetBinDir')}${program}`) return ''
  return word?.startsWith('/') === true && word.endsWith(`/${program}`) ? word.slice(0, -program.length - 1) : undefined
}

/** The arguments that the step does not give by itself; `undefined` when one is not understood. */
function ownArguments(words: readonly ShellToken[], { fields, required, own }: AgentCommandForm): readonly Model<string>[] | undefined {
  const args: Model<string>[] = []
  const found = new Set<string>()
  for (const word of words) {
    const plain = plainWord(word) ?? wordValue(word)
    if (plain === undefined) return undefined
    const [, before = '', field] = (typeof plain === 'string' && /^([^\u{e000}]*)\u{e000}(\w+)\u{e001}$/u.exec(plain)) || []
    if (field === undefined) {
      if (typeof plain === 'string' && plain.includes('\u{e000}')) return undefined
      if (typeof plain !== 'string' || !own.includes(plain)) args.push(plain)
      continue
    }
    if (before === '' && fields[field] !== '' && args.pop() !== fields[field]) return undefined
    if (before !== '' && before !== fields[field]) return undefined
    found.add(field)
  }
  return required === undefined || found.has(required) ? args : undefined
}
