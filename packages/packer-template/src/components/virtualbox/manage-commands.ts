import type { ManageCommands, VmFacts } from '@imago/builder-virtualbox'
import type { FromFacts } from '@imago/core'
import type { ByteSize } from '@imago/hypervisor'

import type { JsonNode } from '../../json/json-node.ts'
import { describeNode, jsonNodeAt } from '../../json/json-node.ts'
import { integer } from '../../mapping/coercions.ts'
import { currentTexts } from '../../mapping/current-value.ts'
import type { Model } from '../../mapping/known.ts'
import { keyOf, known, valueOf } from '../../mapping/known.ts'
import { lateTexts, texts } from '../../mapping/list-coercions.ts'
import type { OptionContext } from '../../mapping/option-context.ts'
import { contextInside } from '../../mapping/option-context.ts'
import type { ComponentContext } from '../../mapping/table.ts'
import { inside } from '../../reports.ts'
import type { FieldTable } from '../../text/field-table.ts'
import { httpFields, withHttpUrl } from '../../text/http-url.ts'
import { isField } from '../../text/substitute-field.ts'
import { code } from '../../typescript/expression.ts'
import { modelLayout } from '../../typescript/model-layout.ts'
import { megabytes } from '../megabytes.ts'

/** A command of VBoxManage. */
export type Command = Model<FromFacts<readonly string[]>>

/** What `vboxmanage` says. */
export interface ManageArguments {
  memory?: Model<ByteSize>
  cpus?: Model<number>
  /** What VBoxManage gets as it is. */
  readonly rest: Command[]
}

const fields: FieldTable = { ...httpFields, Name: { read: ({ vm }) => String(vm ?? ''), code: code('facts.vm') } }
const commandTexts = lateTexts(fields, withHttpUrl)

/** The commands of an option, as they are. */
export function manageCommands(option: string, ctx: ComponentContext): Model<ManageCommands> | undefined {
  const commands = commandsOf(option, ctx).map(([node, where]) => commandTexts(node, where))
  return joinedCommands(commands.filter((command) => command !== undefined))
}

/** Takes the commands apart that are for a new machine. Memory and processors become options. */
export function readManageCommands(option: string, ctx: ComponentContext): ManageArguments {
  const result: ManageArguments = { rest: [] }
  for (const [node, where] of [...deviceCommands(ctx), ...commandsOf(option, ctx)]) {
    if (takeHardware(node, where, result) || removesController(node, where)) continue
    const command = commandTexts(withOurControllers(node), where)
    if (command !== undefined) result.rest.push(command)
  }
  return result
}

/** Commands that are there, as one option. */
export function joinedCommands(commands: readonly Command[]): Model<ManageCommands> | undefined {
  if (commands.length === 0) return undefined
  if (commands.every(isPlain)) return commands
  return known<ManageCommands>({
    value: (facts: VmFacts) => commands.map((command) => textsFor(facts, command)),
    key: `late:[${commands.map(keyOf).join(',')}]`,
    code: (writer) => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: {
        kind: 'list',
        items: commands.map((command) => {
          const layout = modelLayout(command, writer)
          return layout.kind === 'arrow' ? layout.body : layout
        }),
      },
    }),
  })
}

function isPlain(command: Command): command is Model<readonly string[]> {
  return typeof valueOf(command) !== 'function'
}

function textsFor(facts: VmFacts, command: Command): readonly string[] {
  const value = valueOf(command) as FromFacts<readonly string[]> // of a model of them
  return typeof value === 'function' ? value(facts) : value
}

/** Options for which there is nothing but a command: `keyboard`, `mouse`, and the list `usb_controller`. */
function deviceCommands(ctx: ComponentContext): readonly (readonly [JsonNode, OptionContext])[] {
  return ['keyboard', 'mouse', 'usb_controller'].flatMap((option) => {
    const member = ctx.options.members.get(option)
    if (member === undefined) return []
    const here: OptionContext = { ...ctx, ...inside(ctx, member.at, option) }
    const given = texts(member.value, here)
    return (given === undefined ? [] : currentTexts(given)).map((value) => {
      const setting = option === 'usb_controller' ? [`--usb-${value}`, 'on'] : [`--${option}`, value]
      return [jsonNodeAt(member.at, ['modifyvm', '{{.Name}}', ...setting]), here] as const
    })
  })
}

function commandsOf(option: string, ctx: ComponentContext): readonly (readonly [JsonNode, OptionContext])[] {
  const member = ctx.options.members.get(option)
  if (member === undefined) return []
  const { value } = member
  const here: OptionContext = { ...ctx, ...inside(ctx, member.at, option) }
  if (value.kind === 'array') return value.items.map((item, index) => [item, contextInside(here, item, index)] as const)
  if (value.kind === 'text')
    return value.value === '' ? [] : value.value.split(',').map((word) => [{ ...value, value: word }, here] as const)
  if (value.kind !== 'plain' || value.value !== null) ctx.reports.problem(here, `must be a list of lists, not ${describeNode(value)}`)
  return []
}

/** `modifyvm {{.Name}} --memory 1024`, and the same of `--cpus`. */
function takeHardware(node: JsonNode, ctx: OptionContext, result: ManageArguments): boolean {
  if (node.kind !== 'array' || node.items.length !== 4) return false
  const [command, machine, setting, value] = node.items
  if (wordOf(command) !== 'modifyvm' || machine?.kind !== 'text' || value === undefined) return false
  const nodes = ctx.renderer.parse(machine, ctx)?.nodes ?? []
  if (nodes.length !== 1 || !isField(nodes[0], 'Name')) return false
  const where = contextInside(ctx, value, 3)
  switch (wordOf(setting)) {
    case '--memory': {
      const memory = megabytes(value, where)
      if (memory !== undefined) result.memory = memory
      return true
    }
    case '--cpus': {
      const cpus = integer(value, where)
      if (cpus !== undefined) result.cpus = cpus
      return true
    }
    default:
      return false
  }
}

/** What controllers are called here, by what Packer calls them. */
const controllers: Readonly<Record<string, string>> = {
  'IDE Controller': 'IDE',
  'SATA Controller': 'SATA',
  'SCSI Controller': 'SCSI',
  'NVMe Controller': 'NVMe',
  'VirtIO Controller': 'VirtIO',
}

/** Whether a controller goes that a machine of ours has only where something is connected to it. */
function removesController(node: JsonNode, ctx: OptionContext): boolean {
  const words = wordsOf(node)
  const name = words[words.indexOf('--name') + 1]
  const removes = words[0] === 'storagectl' && words.includes('--remove') && name !== undefined && Object.hasOwn(controllers, name)
  if (removes) ctx.reports.warn(ctx, `a machine has the ${name} only where something is connected to it; this is left out`)
  return removes
}

function withOurControllers(node: JsonNode): JsonNode {
  const [command] = wordsOf(node)
  if (node.kind !== 'array' || (command !== 'storagectl' && command !== 'storageattach')) return node
  const items = node.items.map((item, index): JsonNode => {
    const before = wordOf(node.items[index - 1])
    const isName = before === '--storagectl' || before === '--name'
    const name = isName && item.kind === 'text' && Object.hasOwn(controllers, item.value) ? controllers[item.value] : undefined
    return name === undefined || item.kind !== 'text' ? item : { ...item, value: name }
  })
  return { ...node, items }
}

function wordOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'text' ? node.value : undefined
}

function wordsOf(node: JsonNode): readonly (string | undefined)[] {
  return node.kind === 'array' ? node.items.map(wordOf) : []
}
