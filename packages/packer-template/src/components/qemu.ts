import type { Accelerator, CpuTopology, DiskInterface, Firmware, ImgArguments, QemuOptions, QemuResult, Vga } from '@imago/builder-qemu'

import { chosen } from '../mapping/chosen.ts'
import { flag, integer, text, textOrSecret } from '../mapping/coercions.ts'
import { currentText, isYes, joinedTexts } from '../mapping/current-value.ts'
import { group } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { texts } from '../mapping/list-coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import { nested } from '../mapping/nested.ts'
import type { ComponentContext, ComponentTable, Composed, Taken } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, taken } from '../mapping/table.ts'
import { inside } from '../reports.ts'
import type { IsoRows } from './iso-source.ts'
import { isoRows, isoSource } from './iso-source.ts'
import { diskSizes, megabytes } from './megabytes.ts'
import type { QemuArguments } from './qemu-arguments.ts'
import { readQemuArguments } from './qemu-arguments.ts'
import { sshAccess, sshRows } from './ssh.ts'
import { communicatorOf } from './communicator-of.ts'
import { guestHost } from './guest-host.ts'
import { vmOptions, vmRows, writtenNodes } from './virtual-machine.ts'
import { winrmAccess, winrmPassword, winrmRows } from './winrm.ts'

const accelerator = chosen<Accelerator>({ renamed: { none: 'tcg' }, type: { name: 'Accelerator', package: '@imago/builder-qemu' } })
const diskInterface = chosen<DiskInterface>({
  renamed: { scsi: 'virtio-scsi' },
  type: { name: 'DiskInterface', package: '@imago/builder-qemu' },
})

const vga = chosen<Vga>({ type: { name: 'Vga', package: '@imago/builder-qemu' } })

const freePorts = meaningless('any free port is taken')
const disksAreOurs = meaningless('how disks are written is chosen here')

const imgArguments = nested<ImgArguments>()({ create: as('create', texts), convert: as('convert', texts), resize: as('resize', texts) })

const machineRows = {
  accelerator: taken(accelerator),
  cpus: taken(integer),
  sockets: taken(integer),
  cores: taken(integer),
  threads: taken(integer),
  cpu_model: taken(text),
  memory: taken(megabytes),
  machine_type: taken(text),
  disk_interface: as('diskInterface', diskInterface),
  net_device: taken(text),
  net_bridge: taken(text),
  headless: taken(flag),
  use_default_display: meaningless('QEMU chooses the display'),
  display: taken(text),
  vga: taken(vga),
  qemuargs: inCompose,
  qemu_binary: taken(text),
  qemu_img_args: taken(imgArguments),
  firmware: taken(localPath),
  use_pflash: taken(flag),
  efi_boot: taken(flag),
  efi_firmware_code: taken(localPath),
  efi_firmware_vars: taken(localPath),
  efi_drop_efivars: taken(flag),
  vtpm: taken(flag),
  use_tpm1: taken(flag),
  tpm_device_type: meaningless('the device is chosen by the machine'),
  vnc_bind_address: taken(text),
  vnc_port_min: taken(integer),
  vnc_port_max: taken(integer),
  vnc_use_password: taken(flag),
  vnc_password: taken(textOrSecret),
  disable_vnc: meaningless('keys are typed at the monitor'),
  qmp_enable: taken(flag),
  qmp_socket_path: taken(text),
} as const

const mediaRows = {
  cdrom_interface: meaningless('what CDs are connected to is chosen by the machine'),
  disk_image: taken(flag),
  use_backing_file: taken(flag),
  disk_size: taken(megabytes),
  skip_resize_disk: taken(flag),
  disk_additional_size: as('extraDisks', diskSizes),
  disk_cache: disksAreOurs,
  disk_discard: disksAreOurs,
  disk_detect_zeroes: disksAreOurs,
  skip_compaction: disksAreOurs,
  disk_compression: taken(flag),
  format: taken(text),
  output_directory: taken(localPath),
  vm_name: taken(text),
  host_port_min: freePorts,
  host_port_max: freePorts,
  ssh_host_port_min: freePorts,
  ssh_host_port_max: freePorts,
  skip_nat_mapping: taken(flag),
  run_once: meaningless('the machine is started once'),
} as const

type Given = Taken<IsoRows & typeof machineRows & typeof mediaRows & typeof sshRows & typeof winrmRows>

/** `qemu` */
export const qemuTable: ComponentTable = defineTable<QemuOptions>()({
  factory: { name: 'qemu', package: '@imago/builder-qemu' },
  load: async () => (await import('@imago/builder-qemu')).qemu,
  options: { ...isoRows, ...mediaRows, ...machineRows, ...vmRows, ...sshRows, ...winrmRows },
  compose(given, ctx) {
    const name = given.vm_name ?? `packer-${ctx.build.name}`
    const directory = given.output_directory ?? `output-${ctx.build.name}`
    const path = joinedTexts([directory, '/', name])
    const nodes = {
      name: writtenNodes('vm_name', name, ctx),
      outputDirectory: writtenNodes('output_directory', directory, ctx),
      disk: path.value,
    }
    const args = argumentsOf(nodes, ctx)
    const monitor = monitorOf(given)
    if (isYes(given.use_backing_file)) ctx.warn('use_backing_file', 'the disk that is made holds all of it, and needs no other file')
    return {
      ...startOf(given, ctx),
      ...machineOf(given, args),
      ...bridgeOf(given, ctx),
      ...firmwareOf(given, ctx),
      ...tpmOf(given),
      ...imgArgsOf(given),
      ...vmOptions(given, nodes.name, ctx),
      ...connectionOf(given, ctx),
      ...vncOf(given),
      result: resultOf(given, path, directory, ctx),
      ...programOf(given),
      ...(args.rest.length + monitor.length > 0 && { qemuArgs: [...monitor, ...args.rest] }),
    }
  },
})

function argumentsOf(names: Parameters<typeof readQemuArguments>[1], ctx: ComponentContext): QemuArguments {
  const member = ctx.options.members.get('qemuargs')
  if (member === undefined) return { extraCds: [], rest: [] }
  return readQemuArguments(member.value, names, { ...ctx, ...inside(ctx, member.at, 'qemuargs') })
}

/** What the machine starts from: an installer, or a disk that has something on it. */
function startOf(given: Given, ctx: ComponentContext): Composed<QemuOptions> {
  const size = given.disk_size ?? '40g'
  const source = isoSource(given, ctx)
  if (!isYes(given.disk_image)) return { iso: source, diskSize: size }
  return { disk: source, ...(!isYes(given.skip_resize_disk) && { diskSize: size }) }
}

/** Arguments for QEMU come before options. */
function machineOf(given: Given, args: QemuArguments): Composed<QemuOptions> {
  const accelerated = args.accelerator === undefined ? given.accelerator : args.accelerator === 'none' ? 'tcg' : args.accelerator
  const cpuModel = args.cpuModel ?? given.cpu_model
  const machineType = args.machineType ?? given.machine_type
  const nic = args.nic ?? (given.net_device === undefined ? undefined : { model: given.net_device })
  const topology = args.topology ?? group<CpuTopology>({ sockets: given.sockets, cores: given.cores, threads: given.threads })
  const cpus = args.cpus ?? given.cpus ?? (topology === undefined ? 1 : undefined)
  const card = args.vga ?? given.vga
  const headless = args.headless ?? (currentText(given.display) === 'none' ? true : given.headless)
  return {
    // what else it may be is checked with all options
    ...(accelerated !== undefined && { accelerator: accelerated as Model<Accelerator> }),
    // without them, Packer's machines have one processor, and so much memory
    ...(cpus !== undefined && { cpus }),
    ...(topology !== undefined && { topology }),
    memory: args.memory ?? given.memory ?? '512m',
    ...(cpuModel !== undefined && { cpuModel }),
    ...(machineType !== undefined && { machineType }),
    ...(nic !== undefined && { nic }),
    ...(args.extraCds.length > 0 && { extraCds: args.extraCds }),
    ...(card !== undefined && { vga: card }),
    ...(headless !== undefined && { headless }),
  }
}

/** Packer's machine has no other network card; here it stands beside the one through which the build reaches the machine. */
function bridgeOf({ net_bridge: bridge, net_device: model }: Given, ctx: ComponentContext): Composed<QemuOptions> {
  if (bridge === undefined) return {}
  ctx.warn('net_bridge', 'this card is the second: the first one is in a network of its own, through which the build reaches the machine')
  return { extraNics: [{ bridge, ...(model !== undefined && { model }) }] }
}

/** A monitor besides the build's own. */
function monitorOf({ qmp_enable: enabled, qmp_socket_path: path }: Given): readonly Model<string>[] {
  return isYes(enabled) && path !== undefined ? ['-qmp', joinedTexts(['unix:', path, ',server=on,wait=off'])] : []
}

function firmwareOf(given: Given, ctx: ComponentContext): { readonly firmware?: Model<Firmware> } {
  const { efi_boot: boots, efi_firmware_code: code, efi_firmware_vars: vars, firmware: bios, use_pflash: inFlash } = given
  if (code !== undefined && vars !== undefined) return { firmware: { code, vars } }
  if (isYes(boots)) return { firmware: 'uefi' }
  if (bios === undefined) return {}
  // Such a file has no room for variables, and runs in flash only.
  if (!isYes(inFlash) && !/code[^/]*$/i.test(currentText(bios) ?? '')) return { firmware: { bios } }
  ctx.noCounterpart('firmware', 'write efi_boot: true, or efi_firmware_code and efi_firmware_vars')
  return {}
}

/** Nothing is resized but a disk that is there: what is said of it otherwise means nothing. */
function imgArgsOf({
  qemu_img_args: args,
  disk_image: isDisk,
  skip_resize_disk: keepsSize,
}: Given): Composed<Pick<QemuOptions, 'imgArgs'>> {
  if (args === undefined || isKnown(args)) return {}
  const { create, convert, resize } = args
  const imgArgs = group<ImgArguments>({ create, convert, resize: isYes(isDisk) && !isYes(keepsSize) ? resize : undefined })
  return imgArgs === undefined ? {} : { imgArgs }
}

function tpmOf({ vtpm, use_tpm1: old }: Given): Composed<Pick<QemuOptions, 'tpm'>> {
  if (vtpm === undefined) return {}
  return { tpm: isYes(vtpm) && isYes(old) ? '1.2' : vtpm }
}

function connectionOf(given: Given, ctx: ComponentContext): Composed<QemuOptions> {
  const communicator = communicatorOf(given, ctx)
  switch (communicator) {
    case 'ssh':
      return { ssh: { ...sshAccess(given, ctx), ...guestHost(given, 'ssh_host', ctx) } }
    case 'winrm':
      return { winrm: { ...winrmAccess(given, ctx), password: winrmPassword(given), ...guestHost(given, 'winrm_host', ctx) } }
    case 'none':
      return { communicator }
    default:
      return {}
  }
}

/** Whoever says where the machine's screen is to be seen wants to see it. */
function vncOf({
  vnc_bind_address: bind,
  vnc_port_min: low,
  vnc_port_max: high,
  vnc_use_password: asks,
  vnc_password: password,
}: Given): Composed<Pick<QemuOptions, 'vnc'>> {
  const port = low !== undefined && low === high ? low : undefined
  const secret = isYes(asks) ? password : undefined
  if (bind === undefined && port === undefined && secret === undefined) return {}
  return {
    vnc: { ...(bind !== undefined && { bind }), ...(port !== undefined && { port }), ...(secret !== undefined && { password: secret }) },
  }
}

function resultOf(given: Given, path: Model<string>, directory: Model<string>, ctx: ComponentContext): Model<QemuResult> {
  const format = currentText(given.format) ?? 'qcow2'
  if (format !== 'qcow2' && format !== 'raw') ctx.reports.problem(ctx, `there is no format '${format}'`, "known: 'qcow2', 'raw'")
  const isUefi = isYes(given.efi_boot) || given.efi_firmware_code !== undefined
  const disk = { path, ...(isUefi && !isYes(given.efi_drop_efivars) && { nvram: joinedTexts([directory, '/efivars.fd']) }) }
  if (format === 'raw') return { format, ...disk }
  return { format: 'qcow2', ...disk, ...(given.disk_compression !== undefined && { compress: given.disk_compression }) }
}

function programOf({ qemu_binary: program }: Given): Composed<QemuOptions> {
  const name = currentText(program)
  if (program === undefined || name === 'qemu-system-x86_64') return {}
  const isArm = name?.endsWith('aarch64') === true
  return { ...(isArm && { arch: 'aarch64' }), ...(name !== 'qemu-system-aarch64' && { programs: { system: program } }) }
}
