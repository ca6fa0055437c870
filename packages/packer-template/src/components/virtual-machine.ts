import type { Duration } from '@imago/core'
import type { VmOptions } from '@imago/hypervisor'

import type { JsonMember } from '../json/json-node.ts'
import type { TemplateNode } from '../language/ast.ts'
import { duration, integer, lateText, text } from '../mapping/coercions.ts'
import { currentText, currentTexts } from '../mapping/current-value.ts'
import { exclusive } from '../mapping/exclusive.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { lateTexts, textMap } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { Coercion } from '../mapping/option-context.ts'
import type { ComponentContext, Composed, MeaninglessRow, Taken, TakenRow } from '../mapping/table.ts'
import { inCompose, meaningless, taken } from '../mapping/table.ts'
import { inside } from '../reports.ts'
import { otherFact } from '../text/field-table.ts'
import { httpFields, withHttpUrl } from '../text/http-url.ts'
import { substituteField } from '../text/substitute-field.ts'
import type { TemplateText } from '../text/template-text.ts'
import type { Named } from './named.ts'

type Contents = Readonly<Record<string, string>>

/** Packer's options of all virtual machines: files for them, what is typed, and how they are shut down. */
export type VmRows = Named<'http_directory' | 'floppy_label' | 'cd_label' | 'shutdown_command', TakenRow<string>> &
  Named<'http_content' | 'floppy_content' | 'cd_content', TakenRow<Contents>> &
  Named<'http_port_min' | 'http_port_max', TakenRow<number>> &
  Named<'floppy_files' | 'floppy_dirs' | 'cd_files', TakenRow<readonly string[]>> &
  Named<'boot_wait' | 'boot_key_interval' | 'shutdown_timeout', TakenRow<Duration>> &
  Named<'boot_command' | 'boot_steps', TakenRow<never>> &
  Named<'http_bind_address' | 'http_interface' | 'http_network_protocol' | 'boot_keygroup_interval', MeaninglessRow>

/** A text as it is written in the template, to be put into others. */
export function writtenNodes(option: string, value: Model<string>, ctx: ComponentContext): readonly TemplateNode[] {
  const written = ctx.options.members.get(option)?.value
  const parsed = written?.kind === 'text' ? ctx.renderer.parse(written, ctx) : undefined
  return parsed?.nodes ?? [{ kind: 'text', text: currentText(value) ?? '' }]
}

/** A negative time is none; no time at all is the default. */
const bootWait: Coercion<Duration> = (node, ctx) => (node.kind === 'text' && node.value.startsWith('-') ? '0s' : duration(node, ctx))

/** What becomes of each of them. */
export const vmRows: VmRows = {
  http_directory: taken(localPath),
  http_content: taken(textMap),
  http_port_min: taken(integer),
  http_port_max: taken(integer),
  http_bind_address: meaningless('machines reach the server at the address that they see this machine under'),
  http_interface: meaningless('machines reach the server at the address that they see this machine under'),
  http_network_protocol: meaningless('machines reach the server at the address that they see this machine under'),
  floppy_files: taken(localPaths),
  floppy_dirs: taken(localPaths),
  floppy_content: taken(textMap),
  floppy_label: taken(text),
  cd_files: taken(localPaths),
  cd_content: taken(textMap),
  cd_label: taken(text),
  boot_wait: taken(bootWait),
  boot_command: inCompose,
  boot_steps: inCompose,
  boot_key_interval: taken(duration),
  boot_keygroup_interval: meaningless('keys are typed one by one'),
  shutdown_command: taken(text),
  shutdown_timeout: taken(duration),
}

/** What was given of {@link vmRows}. */
export type GivenVm = Taken<VmRows>

/**
 * The options that are the same for all virtual machines.
 * @param name what `{{.Name}}` is
 */
export function vmOptions(given: GivenVm, name: readonly TemplateNode[], ctx: ComponentContext): Composed<VmOptions> {
  return {
    ...httpOf(given),
    ...mediumOf('cd', [given.cd_files], given.cd_content, given.cd_label),
    ...mediumOf('floppy', [given.floppy_files, given.floppy_dirs], given.floppy_content, given.floppy_label),
    ...bootOf(given, name, ctx),
    ...shutdownOf(given),
  }
}

function httpOf({
  http_directory: directory,
  http_content: content,
  http_port_min: low,
  http_port_max: high,
}: GivenVm): Composed<Pick<VmOptions, 'http'>> {
  if (directory === undefined && content === undefined) return {}
  const ports = low === undefined && high === undefined ? undefined : [low ?? 8000, high ?? 9000]
  return {
    http: {
      ...(directory !== undefined && { directory }),
      ...(content !== undefined && { content: contentOf(content) }),
      // a list of two, which is what a pair is
      ...(ports !== undefined && { ports: ports as unknown as Model<readonly [number, number]> }),
    },
  }
}

/** Paths have no slash before them here. */
function contentOf(content: Model<Contents>): Model<Contents> {
  const entries = Object.entries(content).map(([path, value]: [string, Model<string>]) => [path.replace(/^\/+/, ''), value] as const)
  return Object.fromEntries(entries)
}

function mediumOf(
  kind: 'cd' | 'floppy',
  lists: readonly (Model<readonly string[]> | undefined)[],
  content: Model<Contents> | undefined,
  label: Model<string> | undefined,
): Composed<Pick<VmOptions, 'cd' | 'floppy'>> {
  const files = lists.flatMap(filesOf)
  if (files.length === 0 && content === undefined) return {}
  const medium = {
    ...(files.length > 0 && { files }),
    ...(content !== undefined && { content: contentOf(content) }),
    label: label ?? 'packer',
  }
  return { [kind]: medium }
}

function filesOf(files: Model<readonly string[]> | undefined): readonly Model<string>[] {
  if (files === undefined) return []
  return isKnown(files) ? currentTexts(files) : files
}

function bootOf(given: GivenVm, name: readonly TemplateNode[], ctx: ComponentContext): Composed<Pick<VmOptions, 'boot'>> {
  const { boot_wait: wait, boot_key_interval: keyInterval } = given
  const command = bootCommand(name, ctx)
  if (wait === undefined && keyInterval === undefined && command === undefined) return {}
  return {
    boot: {
      ...(wait !== undefined && { wait }),
      ...(command !== undefined && { command }),
      ...(keyInterval !== undefined && { keyInterval }),
    },
  }
}

function bootCommand(
  name: readonly TemplateNode[],
  ctx: ComponentContext,
): Model<NonNullable<NonNullable<VmOptions['boot']>['command']>> | undefined {
  const member = bootMember(ctx)
  if (member === undefined) return undefined
  const fields = { ...httpFields, SSHPublicKey: otherFact('sshPublicKey') }
  const prepare = (written: TemplateText): TemplateText => withHttpUrl(substituteField(written, 'Name', name))
  const where = { ...ctx, ...inside(ctx, member.at, member.name) }
  if (member.value.kind !== 'text') return lateTexts(fields, prepare)(member.value, where)
  return lateText(fields, (written) => withoutCommas(prepare(written)))(member.value, where)
}

/** `boot_command`, or the commands of `boot_steps`: lists of a command and what it is for. */
function bootMember(ctx: ComponentContext): (JsonMember & { readonly name: string }) | undefined {
  exclusive('boot_command', 'boot_steps', ctx)
  const [command, steps] = [ctx.options.members.get('boot_command'), ctx.options.members.get('boot_steps')]
  if (steps === undefined || command !== undefined) return command && { ...command, name: 'boot_command' }
  const { at, value } = steps
  const items = value.kind === 'array' ? value.items : []
  const commands = items.flatMap((item) => (item.kind === 'array' && item.items.length <= 2 ? item.items.slice(0, 1) : []))
  if (value.kind !== 'array' || commands.length !== items.length) {
    ctx.reports.problem({ ...ctx, ...inside(ctx, at, 'boot_steps') }, 'must be a list of lists: a command, and what it is for')
    return undefined
  }
  return { at, value: { kind: 'array', at: value.at, items: commands }, name: 'boot_steps' }
}

/** Packer takes a text for a list with commas between, and types the list without any. */
function withoutCommas(written: TemplateText): TemplateText {
  const nodes = written.nodes.map((node): TemplateNode => (node.kind === 'text' ? { ...node, text: node.text.replaceAll(',', '') } : node))
  return { ...written, nodes }
}

function shutdownOf({ shutdown_command: command, shutdown_timeout: timeout }: GivenVm): Composed<Pick<VmOptions, 'shutdown'>> {
  if (command === undefined && timeout === undefined) return {}
  return { shutdown: { ...(command !== undefined && { command }), ...(timeout !== undefined && { timeout }) } }
}
