import { isIP } from 'node:net'

import { sshAccessEntries, sshIssuesTogether } from '@imago/communicator-ssh'
import type { Issue } from '@imago/core'
import { isArtifactReference, optionSchema, prefixIssues } from '@imago/core'
import {
  byteSizeSchema,
  mediaSourceSchema,
  memberOf,
  unreachableIssues,
  vmEntries,
  vmIssuesTogether,
  winrmGuestEntries,
  winrmGuestIssues,
} from '@imago/hypervisor'
import * as v from 'valibot'

import type { AnyOptions } from './virtualbox-options.ts'
import type { ResultFormat } from './virtualbox-result.ts'

const { artifactReference, fromFacts, text } = optionSchema

function wholeNumber(lowest: number, highest: number): v.GenericSchema<unknown, number> {
  const range = `must be a whole number, ${lowest} to ${highest}`
  return v.pipe(v.number(), v.integer(range), v.minValue(lowest, range), v.maxValue(highest, range))
}
const port = wholeNumber(1, 65_535)
const ports = v.pipe(
  v.tuple([port, port]),
  v.check(([lowest, highest]) => lowest <= highest, 'must be the lowest port and the highest'),
)
const address = v.pipe(
  text,
  v.check((value) => isIP(value) !== 0, 'must be an IP address'),
)
/** What VirtualBox makes names of folders and files of. */
const machineName = v.pipe(text, v.regex(/^[^\p{Cc}/\\:*?"<>|]{1,200}$/u, 'must be a name that a file can have'))

const command = v.pipe(v.array(v.string()), v.minLength(1, 'must be a command of VBoxManage and its arguments'))
const functionOfFacts = v.custom<unknown>((value) => typeof value === 'function')
const commands = v.lazy((value): v.GenericSchema => (typeof value === 'function' ? functionOfFacts : v.array(command)))

const rootfs = { path: text, exclude: v.optional(v.array(text)) }
const appliance = {
  format: v.string(),
  path: text,
  exportOptions: v.optional(v.array(v.string())),
  rootfs: v.optional(v.union([v.literal(true), v.strictObject(rootfs)])),
}
const results: Readonly<Record<ResultFormat, v.GenericSchema>> = {
  ova: v.strictObject(appliance),
  ovf: v.strictObject(appliance),
  registered: v.strictObject({ format: v.string() }),
  rootfs: v.strictObject({ format: v.string(), ...rootfs }),
  none: v.strictObject({ format: v.string() }),
}
const someResult = v.object({ format: v.picklist(['ova', 'ovf', 'registered', 'rootfs', 'none']) })

const additions = v.strictObject({
  mode: v.picklist(['upload', 'attach']),
  path: v.optional(fromFacts<unknown>(text)),
  iso: v.optional(v.lazy((value): v.GenericSchema => (typeof value === 'function' ? functionOfFacts : mediaSourceSchema))),
})

const common = {
  ...vmEntries,
  result: someResult,
  name: v.optional(machineName),
  keepRegistered: v.optional(v.boolean()),
  force: v.optional(v.boolean()),
  headless: v.optional(v.boolean()),
  vrdp: v.optional(v.union([v.boolean(), v.strictObject({ bind: v.optional(address), ports: v.optional(ports) })])),
  guestAdditions: v.optional(v.union([v.literal(false), additions])),
  versionFile: v.optional(text),
  vboxmanage: v.optional(commands),
  vboxmanagePost: v.optional(commands),
  communicator: v.optional(v.picklist(['ssh', 'none'])),
  ssh: v.optional(v.strictObject({ ...sshAccessEntries, port: v.optional(port), host: v.optional(text), hostPorts: v.optional(ports) })),
  winrm: v.optional(v.strictObject({ ...winrmGuestEntries, hostPorts: v.optional(ports) })),
  clearAuthorizedKey: v.optional(v.boolean()),
  serialLog: v.optional(text),
  program: v.optional(text),
}

const hardware = {
  guestOsType: v.optional(v.pipe(text, v.regex(/^\w+$/, "must be a name of 'VBoxManage list ostypes', such as Debian_64"))),
  cpus: v.optional(wholeNumber(1, 64)),
  memory: v.optional(byteSizeSchema),
  chipset: v.optional(v.picklist(['piix3', 'ich9'])),
  firmware: v.optional(v.picklist(['bios', 'efi'])),
  nestedVirtualization: v.optional(v.boolean()),
  clock: v.optional(v.picklist(['utc', 'local'])),
  diskInterface: v.optional(v.picklist(['ide', 'sata', 'scsi', 'nvme', 'virtio'])),
  sataPorts: v.optional(wholeNumber(1, 30)),
  nvmePorts: v.optional(wholeNumber(1, 255)),
  solidState: v.optional(v.boolean()),
  discard: v.optional(v.boolean()),
  extraDisks: v.optional(v.array(v.strictObject({ size: byteSizeSchema }))),
  cdInterface: v.optional(v.picklist(['ide', 'sata', 'virtio'])),
  nic: v.optional(v.picklist(['Am79C970A', 'Am79C973', '82540EM', '82543GC', '82545EM', 'virtio'])),
  audio: v.optional(v.strictObject({ driver: v.optional(text), controller: v.optional(v.picklist(['ac97', 'hda', 'sb16'])) })),
  usb: v.optional(v.boolean()),
  graphics: v.optional(
    v.strictObject({
      controller: v.optional(v.picklist(['vboxvga', 'vboxsvga', 'vmsvga', 'none'])),
      vram: v.optional(wholeNumber(1, 256)),
      accelerate3d: v.optional(v.boolean()),
      efiResolution: v.optional(v.pipe(v.string(), v.regex(/^\d+x\d+$/, "must be a size such as '1024x768'"))),
    }),
  ),
}

const schemas: Readonly<Record<AnyOptions['kind'], v.GenericSchema>> = {
  iso: v.strictObject({ ...common, ...hardware, iso: mediaSourceSchema, diskSize: byteSizeSchema, bundleIso: v.optional(v.boolean()) }),
  ovf: v.strictObject({
    ...common,
    source: v.lazy((value): v.GenericSchema =>
      isArtifactReference(value) ? artifactReference('virtualbox-appliance') : mediaSourceSchema,
    ),
    importOptions: v.optional(v.array(v.string())),
  }),
  vm: v.strictObject({
    ...common,
    vm: text,
    snapshot: v.optional(text),
    clone: v.optional(v.picklist(['linked', 'full', 'in-place'])),
    targetSnapshot: v.optional(text),
  }),
}

/** Every problem of the options of one of the builders, at once. */
export function virtualBoxIssues(kind: AnyOptions['kind'], options: object): readonly Issue[] {
  const ssh: unknown = Reflect.get(options, 'ssh')
  return [
    ...optionSchema.schemaIssues(schemas[kind], options),
    ...resultIssues(Reflect.get(options, 'result')),
    ...vmIssuesTogether(options),
    ...(typeof ssh === 'object' && ssh !== null ? prefixIssues(['ssh'], sshIssuesTogether(ssh)) : []),
    ...winrmGuestIssues(options),
    ...issuesTogether(options),
  ]
}

function resultIssues(result: unknown): readonly Issue[] {
  const known = v.safeParse(someResult, result)
  return known.success ? prefixIssues(['result'], optionSchema.schemaIssues(results[known.output.format], result)) : []
}

function hasLogin(value: unknown): boolean {
  return value !== undefined && value !== false
}

/** What options mean together, whatever they are. */
function issuesTogether(options: object): Issue[] {
  const given = (option: string, member?: string): unknown => memberOf(options, option, member)
  const isUnreachable = given('communicator') === 'none'
  const noneRuns = "cannot be done: communicator is 'none'"
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [isUnreachable && given('guestAdditions', 'mode') === 'upload', { path: ['guestAdditions', 'mode'], message: noneRuns }],
    [isUnreachable && given('versionFile') !== undefined, { path: ['versionFile'], message: noneRuns }],
    [
      given('guestAdditions', 'mode') === 'attach' && given('guestAdditions', 'path') !== undefined,
      { path: ['guestAdditions', 'path'], message: "is for mode: 'upload'" },
    ],
    [
      given('clearAuthorizedKey') === true && ['key', 'password', 'agent'].some((login) => hasLogin(given('ssh', login))),
      { path: ['clearAuthorizedKey'], message: "has nothing to remove: 'ssh' has a login, and no key is made" },
    ],
    ...['ssh', 'winrm'].map((way): [boolean, Issue] => [
      given(way, 'host') !== undefined && given(way, 'hostPorts') !== undefined,
      { path: [way, 'hostPorts'], message: "cannot stand beside 'host': no port leads to it then" },
    ]),
    [
      given('clone') === 'in-place' && (given('keepRegistered') !== undefined || given('name') !== undefined),
      { path: ['clone'], message: "'in-place' leaves the machine where it is, under its own name: leave out 'keepRegistered' and 'name'" },
    ],
    [
      given('targetSnapshot') !== undefined && given('clone') !== 'in-place',
      { path: ['targetSnapshot'], message: 'is of the machine itself', hint: "add clone: 'in-place'" },
    ],
  ]
  return [...unreachableIssues(options), ...rules.flatMap(([broken, issue]) => (broken ? [issue] : []))]
}
