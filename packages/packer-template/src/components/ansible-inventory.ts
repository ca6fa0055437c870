import type { AnsibleVariables } from '@imago/provisioner-ansible'

import type { TemplateNode } from '../language/ast.ts'
import type { ComponentContext } from '../mapping/table.ts'
import type { Model } from '../mapping/known.ts'
import { piecesOfNodes } from '../shell/command-piece.ts'
import type { ShellToken } from '../shell/shell-words.ts'
import { plainWord, shellTokens } from '../shell/shell-words.ts'
import { assignmentOf, marker } from '../shell/word-value.ts'
import { isField } from '../text/substitute-field.ts'

/** The fields of the template, by what Packer's own inventory gives with them. The step gives the same. */
const connection = [`ansible_host=${marker('Host')}`, `ansible_user=${marker('User')}`, `ansible_port=${marker('Port')}`]

/** What `inventory_file_template` says of the machine beside how it is reached: one line, `{{.HostAlias}} ansible_host={{.Host}} key=value`. */
export function inventoryVariables(ctx: ComponentContext): Model<AnsibleVariables> | undefined {
  const written = ctx.options.members.get('inventory_file_template')?.value
  if (written === undefined || (written.kind === 'plain' && written.value === null)) return undefined
  const parsed = written.kind === 'text' ? ctx.renderer.parse(written, ctx) : undefined
  const pieces = parsed && piecesOfNodes(parsed.nodes.map(marked), ctx)
  const [first, ...words] = (pieces && shellTokens(pieces)) ?? []
  const variables = words.filter((word) => !connection.includes(plainWord(word) ?? '')).map(variableOf)
  if (plainWord(first) === marker('HostAlias') && variables.every((variable) => variable !== undefined)) {
    return variables.length === 0 ? undefined : Object.fromEntries(variables)
  }
  ctx.noCounterpart('inventory_file_template', 'give the variables in it as hostVariables')
  return undefined
}

/** A field as a marker. */
function marked(node: TemplateNode): TemplateNode {
  const name = ['HostAlias', 'Host', 'User', 'Port'].find((field) => isField(node, field))
  if (name !== undefined) return { kind: 'text', text: marker(name) }
  // the line's end
  return node.kind === 'text' ? { ...node, text: node.text.replace(/\n+$/, '') } : node
}

/** `key=value`, where Ansible takes numbers and booleans of Python for what they are. */
function variableOf(word: ShellToken): readonly [string, Model<string> | number | boolean] | undefined {
  const assignment = assignmentOf(word)
  if (assignment === undefined) return undefined
  const [name, value] = assignment
  if (value === 'True' || value === 'False') return [name, value === 'True']
  return [name, typeof value === 'string' && /^-?(?:0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value]
}
