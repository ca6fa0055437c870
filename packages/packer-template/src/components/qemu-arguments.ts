import type { ByteSize, CpuTopology, Vga } from '@imago/builder-qemu'
import type { MediaSource } from '@imago/hypervisor'

import type { JsonNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import { integer, preparedText } from '../mapping/coercions.ts'
import { currentText } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { OptionContext } from '../mapping/option-context.ts'
import { contextInside } from '../mapping/option-context.ts'
import { substituteField } from '../text/substitute-field.ts'
import { megabytes } from './megabytes.ts'

/** What `qemuargs` say. */
export interface QemuArguments {
  memory?: Model<ByteSize>
  cpus?: Model<number>
  topology?: CpuTopology
  vga?: Vga
  cpuModel?: Model<string>
  machineType?: Model<string>
  accelerator?: string
  headless?: boolean
  /** The network card that the build uses. */
  nic?: { readonly model: string; readonly mac?: string }
  readonly extraCds: Model<MediaSource>[]
  /** What QEMU gets as it is. */
  readonly rest: Model<string>[]
}

/** What fields in `qemuargs` are. */
export interface QemuNames {
  /** `{{.Name}}` */
  readonly name: readonly TemplateNode[]
  /** `{{.OutputDir}}` */
  readonly outputDirectory: readonly TemplateNode[]
  /** The path of the disk, as `qemuargs` may repeat it. */
  readonly disk: string
}

/** One argument of `qemuargs`: its name, and what follows it. */
interface Argument {
  readonly name: string
  readonly value: JsonNode | undefined
  readonly words: readonly Model<string>[]
  readonly ctx: OptionContext
}

/**
 * Takes `qemuargs` apart. What there are options for becomes one. Disks and network cards that are there anyway are left out: to Packer, any
 * argument takes the place of all of its own of that name, so people repeat them.
 */
export function readQemuArguments(node: JsonNode, names: QemuNames, ctx: OptionContext): QemuArguments {
  const result: QemuArguments = { extraCds: [], rest: [] }
  for (const argument of listArguments(node, names, ctx)) {
    const apply = Object.hasOwn(known, argument.name) ? known[argument.name] : undefined
    if (apply === undefined || apply(argument, result, names) === 'keep') result.rest.push(...argument.words)
  }
  return result
}

function listArguments(node: JsonNode, names: QemuNames, ctx: OptionContext): readonly Argument[] {
  if (node.kind === 'text') {
    const items = node.value === '' ? [] : node.value.split(',').map((value) => ({ ...node, value }))
    return listArguments({ kind: 'array', at: node.at, items }, names, ctx)
  }
  if (node.kind !== 'array') {
    if (node.kind !== 'plain' || node.value !== null) ctx.reports.problem(ctx, `must be a list of lists, not ${describeNode(node)}`)
    return []
  }
  const text = preparedText((written) => substituteField(substituteField(written, 'Name', names.name), 'OutputDir', names.outputDirectory))
  return node.items.map((item, index) => {
    const inside = contextInside(ctx, item, index)
    const parts = item.kind === 'array' ? item.items : [item]
    const [first, value] = parts
    const name = first?.kind === 'text' ? first.value : ''
    // It holds a port that is known only while the build runs, and is left out.
    const isOwnNetwork = name === '-netdev' && value?.kind === 'text' && ownNetwork.test(value.value)
    const words = isOwnNetwork ? [] : parts.flatMap((part, at) => text(part, contextInside(inside, part, at)) ?? [])
    return { name, value, words, ctx: value === undefined ? inside : contextInside(inside, value, 1) }
  })
}

/** Does something with an argument; `'keep'` when QEMU is to get it as it is. */
type Apply = (argument: Argument, result: QemuArguments, names: QemuNames) => 'keep' | undefined

const known: Readonly<Record<string, Apply>> = {
  '-m': readMemory,
  '-smp': readCpus,
  '-cpu': readCpu,
  '-machine': readMachine,
  '-accel': readAccelerator,
  '-enable-kvm': (_argument, result) => {
    result.accelerator = 'kvm'
    return undefined
  },
  '-display': readDisplay,
  '-nographic': (_argument, result) => {
    result.headless = true
    return undefined
  },
  '-name': () => undefined,
  '-netdev': ({ words }) => (words.length === 0 ? undefined : 'keep'),
  '-device': readDevice,
  '-drive': readDrive,
  '-cdrom': ({ words: [, url] }, result) => {
    if (url !== undefined) result.extraCds.push({ url, checksum: 'none' })
    return undefined
  },
  '-vga': readVga,
}

function readMemory({ value, ctx }: Argument, result: QemuArguments): undefined {
  const memory = value && megabytes(value, ctx)
  if (memory !== undefined) result.memory = memory
}

/** `2`, or `2,cores=2`, or `cpus=2,cores=2`. */
function readCpus({ value, words, ctx }: Argument, result: QemuArguments): 'keep' | undefined {
  const written = currentText(words[1]) ?? ''
  const [first = '', ...others] = written.split(',')
  if (others.length === 0 && !first.includes('=')) {
    const cpus = value && integer(value, ctx)
    if (cpus !== undefined) result.cpus = cpus
    return undefined
  }
  const parts = new Map([first.includes('=') ? first : `cpus=${first}`, ...others].map((part) => splitPart(part)))
  const cpus = parts.get('cpus')
  if (cpus !== undefined) result.cpus = cpus
  const { cpus: _, ...topology } = Object.fromEntries(parts)
  if (Object.keys(topology).length === 0) return undefined
  if (cpus === undefined || !isTopology(topology, cpus)) return 'keep'
  result.topology = topology
  return undefined
}

function splitPart(part: string): readonly [name: string, count: number] {
  const [name = '', count = ''] = part.split('=')
  return [name, Number(count)]
}

/** Whether it says how all processors are spread, and nothing else. */
function isTopology(parts: Readonly<Record<string, number>>, cpus: number): boolean {
  const names = Object.keys(parts)
  const product = Object.values(parts).reduce((left, right) => left * right, 1)
  const fits = names.length === 3 ? product === cpus : cpus % product === 0
  return fits && names.every((name) => ['sockets', 'cores', 'threads'].includes(name))
}

function readVga({ words: [, word], ctx }: Argument, result: QemuArguments): undefined {
  const card = vgaCards.find((name) => name === currentText(word))
  if (card === undefined) ctx.reports.warn(ctx, 'the machine has a standard VGA card; this is left out')
  else result.vga = card
}

const vgaCards = ['std', 'virtio', 'qxl', 'cirrus', 'vmware'] as const satisfies readonly Vga[]

function readCpu({ words: [, model] }: Argument, result: QemuArguments): undefined {
  if (model !== undefined) result.cpuModel = model
}

/** `q35`, `type=q35,accel=kvm` */
function readMachine({ words: [, word] }: Argument, result: QemuArguments): undefined {
  const written = currentText(word) ?? ''
  const parts = written.split(',')
  const accelerator = parts.find((part) => part.startsWith('accel='))?.slice('accel='.length)
  if (accelerator !== undefined) result.accelerator = accelerator.split(':')[0] ?? accelerator
  const rest = parts.filter((part) => !part.startsWith('accel='))
  if (rest.length === parts.length && word !== undefined && !written.startsWith('type=')) result.machineType = word
  else if (rest.length > 0) result.machineType = rest.join(',').replace(/^type=/, '')
}

function readAccelerator({ words: [, word] }: Argument, result: QemuArguments): undefined {
  const accelerator = currentText(word)?.split(',')[0]
  if (accelerator !== undefined) result.accelerator = accelerator
}

function readDisplay({ words: [, word] }: Argument, result: QemuArguments): undefined {
  result.headless = currentText(word) === 'none'
}

/** The network through which the build reaches the machine, as Packer calls it. */
const ownNetwork = /^user,.*\bid=user\.0\b/

function readDevice({ words: [, word] }: Argument, result: QemuArguments): 'keep' | undefined {
  const [model = '', ...properties] = currentText(word)?.split(',') ?? []
  if (!properties.includes('netdev=user.0')) return 'keep'
  const mac = properties.find((property) => property.startsWith('mac='))?.slice('mac='.length)
  result.nic = { model, ...(mac !== undefined && { mac }) }
  return undefined
}

function readDrive({ words: [, word] }: Argument, result: QemuArguments, { disk }: QemuNames): 'keep' | undefined {
  const properties = currentText(word)?.split(',') ?? []
  const file = properties.find((property) => property.startsWith('file='))?.slice('file='.length)
  if (file === disk) return undefined
  if (file === undefined || !properties.includes('media=cdrom')) return 'keep'
  result.extraCds.push({ url: file, checksum: 'none' })
  return undefined
}
