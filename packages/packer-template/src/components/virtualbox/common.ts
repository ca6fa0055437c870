import type { CommonOptions, GuestAdditions, VirtualBoxResult } from '@imago/builder-virtualbox'
import type { FromFacts } from '@imago/core'

import { flag, integer, lateText, text } from '../../mapping/coercions.ts'
import { currentText, isYes, joinedTexts } from '../../mapping/current-value.ts'
import type { Model } from '../../mapping/known.ts'
import { texts } from '../../mapping/list-coercions.ts'
import { localPath } from '../../mapping/local-path.ts'
import type { ComponentContext, Composed, MeaninglessRow, NoCounterpartRow, Taken, TakenRow } from '../../mapping/table.ts'
import { inCompose, meaningless, noCounterpart, taken } from '../../mapping/table.ts'
import type { FieldTable } from '../../text/field-table.ts'
import { otherFact } from '../../text/field-table.ts'
import type { Named } from '../named.ts'
import type { SshRows } from '../ssh.ts'
import { sshAccess, sshRows } from '../ssh.ts'
import { communicatorOf } from '../communicator-of.ts'
import { guestHost } from '../guest-host.ts'
import type { VmRows } from '../virtual-machine.ts'
import { vmOptions, vmRows, writtenNodes } from '../virtual-machine.ts'
import type { WinrmRows } from '../winrm.ts'
import { winrmAccess, winrmPassword, winrmRows } from '../winrm.ts'
import { additionsImage } from './additions-image.ts'
import { manageCommands } from './manage-commands.ts'

type OwnRows = Named<
  | 'format'
  | 'output_directory'
  | 'output_filename'
  | 'vm_name'
  | 'vrdp_bind_address'
  | 'ssh_listen_address'
  | 'guest_additions_mode'
  | 'guest_additions_sha256'
  | 'virtualbox_version_file',
  TakenRow<string>
> &
  Named<'export_opts', TakenRow<readonly string[]>> &
  Named<'vrdp_port_min' | 'vrdp_port_max' | 'host_port_min' | 'host_port_max', TakenRow<number>> &
  Named<'headless' | 'keep_registered' | 'skip_export' | 'skip_nat_mapping', TakenRow<boolean>> &
  Named<'guest_additions_path', TakenRow<FromFacts<string>>> &
  Named<'guest_additions_url' | 'vboxmanage' | 'vboxmanage_post', TakenRow<never>> &
  Named<'disable_shutdown', NoCounterpartRow> &
  Named<'guest_additions_interface' | 'post_shutdown_delay' | 'acpi_shutdown', MeaninglessRow>

/** Packer's options that its builders of VirtualBox have in common. */
export type VirtualBoxRows = OwnRows & SshRows & VmRows & WinrmRows

/** `{{.Version}}` in the path of the Guest Additions. */
const additionsFields: FieldTable = { Version: otherFact('virtualBoxVersion') }

/** What becomes of each of them. */
export const virtualBoxRows: VirtualBoxRows = {
  ...vmRows,
  ...sshRows,
  ...winrmRows,
  format: taken(text),
  output_directory: taken(localPath),
  output_filename: taken(text),
  export_opts: taken(texts),
  vm_name: taken(text),
  keep_registered: taken(flag),
  skip_export: taken(flag),
  headless: taken(flag),
  vrdp_bind_address: taken(text),
  vrdp_port_min: taken(integer),
  vrdp_port_max: taken(integer),
  host_port_min: taken(integer),
  host_port_max: taken(integer),
  skip_nat_mapping: taken(flag),
  ssh_listen_address: taken(text),
  vboxmanage: inCompose,
  vboxmanage_post: inCompose,
  virtualbox_version_file: taken(text),
  guest_additions_mode: taken(text),
  guest_additions_path: taken(lateText(additionsFields)),
  guest_additions_url: inCompose,
  guest_additions_sha256: taken(text),
  guest_additions_interface: meaningless('their CD is connected to what the others are connected to'),
  post_shutdown_delay: meaningless('the machine is exported when VirtualBox has let go of it'),
  acpi_shutdown: meaningless('without a command, the power button is pressed'),
  disable_shutdown: noCounterpart(
    'leave it out: the machine is shut down when the steps are done, by the command that shutdown_command names',
  ),
}

/** What was given of {@link virtualBoxRows}. */
export type GivenVirtualBox = Taken<VirtualBoxRows>

/** What the machine is called: Packer's name, without the time. */
export function machineName({ vm_name: name }: GivenVirtualBox, { build }: ComponentContext): Model<string> {
  return name ?? `packer-${build.name}`
}

/** The options that are the same for all three, apart from the commands before the start. */
export function commonOptions(given: GivenVirtualBox, ctx: ComponentContext): Composed<CommonOptions> {
  const name = machineName(given, ctx)
  const post = manageCommands('vboxmanage_post', ctx)
  return {
    ...(given.headless !== undefined && { headless: given.headless }),
    ...vmOptions(given, writtenNodes('vm_name', name, ctx), ctx),
    ...connectionOf(given, ctx),
    ...vrdpOf(given),
    ...guestAdditionsOf(given, ctx),
    ...versionFileOf(given, ctx),
    ...(post !== undefined && { vboxmanagePost: post }),
    result: resultOf(given, name, ctx),
  }
}

function connectionOf(given: GivenVirtualBox, ctx: ComponentContext): Composed<CommonOptions> {
  const communicator = communicatorOf(given, ctx)
  if (communicator === undefined) return {}
  if (communicator === 'none') return { communicator }
  if (!['127.0.0.1', undefined].includes(currentText(given.ssh_listen_address))) {
    ctx.noCounterpart('ssh_listen_address', 'the port that leads to the machine is for this one alone')
  }
  if (communicator === 'winrm') {
    return { winrm: { ...winrmAccess(given, ctx), password: winrmPassword(given), ...wayIn(given, 'winrm_host', ctx) } }
  }
  return { ssh: { ...sshAccess(given, ctx), ...wayIn(given, 'ssh_host', ctx) } }
}

/** The guest's own address, or the ports of this machine that may lead to it. */
function wayIn(
  given: GivenVirtualBox,
  option: 'ssh_host' | 'winrm_host',
  ctx: ComponentContext,
): Composed<Pick<NonNullable<CommonOptions['ssh']>, 'host' | 'hostPorts'>> {
  const { host_port_min: low, host_port_max: high } = given
  const guest = guestHost(given, option, ctx)
  if (guest.host !== undefined || (low === undefined && high === undefined)) return guest
  return { hostPorts: portPair(low ?? 2222, high ?? 4444) }
}

/** Whoever says where the machine's screen is to be seen wants to see it. */
function vrdpOf({ vrdp_bind_address: bind, vrdp_port_min: low, vrdp_port_max: high }: GivenVirtualBox): Composed<CommonOptions> {
  if (bind === undefined && low === undefined && high === undefined) return {}
  const ports = low === undefined && high === undefined ? undefined : portPair(low ?? 5900, high ?? 6000)
  return { vrdp: { ...(bind !== undefined && { bind }), ...(ports !== undefined && { ports }) } }
}

function portPair(low: Model<number>, high: Model<number>): Model<readonly [number, number]> {
  return [low, high]
}

/** Packer uploads them where nothing else is said. */
function guestAdditionsOf(given: GivenVirtualBox, ctx: ComponentContext): Composed<CommonOptions> {
  const mode = currentText(given.guest_additions_mode) ?? 'upload'
  if (mode === 'disable') return {}
  if (mode !== 'upload' && mode !== 'attach') {
    ctx.reports.problem(ctx, `'${mode}' is no mode of Guest Additions`, "known: 'upload', 'attach', 'disable'")
    return {}
  }
  const path = mode === 'upload' ? given.guest_additions_path : undefined
  const iso = additionsImage(given.guest_additions_sha256, ctx)
  return {
    guestAdditions: { mode, ...(path !== undefined && { path }), ...(iso !== undefined && { iso }) } satisfies Model<GuestAdditions>,
  }
}

function versionFileOf(given: GivenVirtualBox, ctx: ComponentContext): Composed<CommonOptions> {
  const { virtualbox_version_file: file } = given
  if (file !== undefined) return { versionFile: file }
  const isSaid = ctx.options.members.has('virtualbox_version_file') || currentText(given.communicator) === 'none'
  return isSaid ? {} : { versionFile: '.vbox_version' }
}

function resultOf(given: GivenVirtualBox, name: Model<string>, ctx: ComponentContext): Model<VirtualBoxResult> {
  const format = currentText(given.format) ?? 'ovf'
  if (format !== 'ovf' && format !== 'ova') ctx.reports.problem(ctx, `there is no format '${format}'`, "known: 'ova', 'ovf'")
  if (isYes(given.skip_export)) return { format: isYes(given.keep_registered) ? 'registered' : 'none' }
  const directory = given.output_directory ?? `output-${ctx.build.name}`
  return {
    format: format === 'ova' ? format : 'ovf',
    path: joinedTexts([directory, '/', given.output_filename ?? name, format === 'ova' ? '.ova' : '.ovf']),
    ...(given.export_opts !== undefined && { exportOptions: given.export_opts }),
  }
}
