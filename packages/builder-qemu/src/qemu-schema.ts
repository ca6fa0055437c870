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

import type { ResultFormat } from './qemu-result.ts'

const { artifactReference, fromFacts, text, textOrSecret } = optionSchema

const port = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 to 65535'),
  v.maxValue(65_535, 'must be 1 to 65535'),
)
const vncPort = v.pipe(port, v.minValue(5900, 'must be 5900 or higher'))
const count = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'))
const address = v.pipe(
  text,
  v.check((value) => isIP(value) === 4, 'must be an IPv4 address'),
)
const mac = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i, "must be an address such as '52:54:00:12:34:56'"))
/** A name in an option of QEMU, whose commas would begin another one. */
const name = v.pipe(text, v.regex(/^[\w.+-]+$/, 'must be a name of letters, digits, `.`, `_`, `+` and `-`'))
/** QEMU's names with properties behind them: `max,-avx2`. */
const nameWithProperties = v.pipe(text, v.regex(/^[\w.+-]+(?:,[\w.+=-]+)*$/, "must be a name, with properties behind commas: 'max,-avx2'"))

const rootfs = { path: text, exclude: v.optional(v.array(text)) }
const disk = { path: text, nvram: v.optional(text), rootfs: v.optional(v.union([v.literal(true), v.strictObject(rootfs)])) }
const results: Readonly<Record<ResultFormat, v.GenericSchema>> = {
  qcow2: v.strictObject({ format: v.string(), ...disk, compress: v.optional(v.union([v.boolean(), v.picklist(['zlib', 'zstd'])])) }),
  raw: v.strictObject({ format: v.string(), ...disk, sparse: v.optional(v.boolean()) }),
  vmdk: v.strictObject({ format: v.string(), ...disk, compress: v.optional(v.boolean()) }),
  vdi: v.strictObject({ format: v.string(), ...disk }),
  vhdx: v.strictObject({ format: v.string(), ...disk }),
  rootfs: v.strictObject({ format: v.string(), ...rootfs }),
  none: v.strictObject({ format: v.string() }),
}
const someResult = v.object({ format: v.picklist(['qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'rootfs', 'none']) })

const start = {
  iso: v.optional(mediaSourceSchema),
  disk: v.optional(v.lazy((value): v.GenericSchema => (isArtifactReference(value) ? artifactReference('qemu-disk') : mediaSourceSchema))),
  diskSize: v.optional(byteSizeSchema),
}

const words = v.optional(v.pipe(v.array(v.string()), v.nonEmpty('must not be empty')))

const forward = v.strictObject({
  guest: port,
  host: port,
  protocol: v.optional(v.picklist(['tcp', 'udp'])),
  bind: v.optional(address),
})

const machine = {
  arch: v.optional(v.picklist(['x86_64', 'aarch64'])),
  accelerator: v.optional(v.picklist(['auto', 'kvm', 'tcg', 'hvf'])),
  cpus: v.optional(count),
  topology: v.optional(v.strictObject({ sockets: v.optional(count), cores: v.optional(count), threads: v.optional(count) })),
  memory: v.optional(byteSizeSchema),
  cpuModel: v.optional(nameWithProperties),
  machineType: v.optional(nameWithProperties),
  firmware: v.optional(
    v.union([
      v.picklist(['bios', 'uefi', 'uefi-secure']),
      v.strictObject({ code: text, vars: text, secureBoot: v.optional(v.boolean()) }),
      v.strictObject({ bios: text }),
    ]),
  ),
  tpm: v.optional(v.union([v.boolean(), v.literal('1.2')])),
  diskInterface: v.optional(v.picklist(['virtio', 'virtio-scsi', 'sata', 'ide', 'nvme'])),
  extraDisks: v.optional(v.array(v.strictObject({ size: byteSizeSchema }))),
  extraCds: v.optional(v.array(mediaSourceSchema)),
  nic: v.optional(v.strictObject({ model: v.optional(name), mac: v.optional(mac), isolated: v.optional(v.boolean()) })),
  forwards: v.optional(v.array(forward)),
  extraNics: v.optional(v.array(v.strictObject({ bridge: name, model: v.optional(name), mac: v.optional(mac) }))),
  kernel: v.optional(v.strictObject({ image: text, initrd: v.optional(text), commandLine: v.optional(fromFacts<unknown>(v.string())) })),
  vga: v.optional(v.picklist(['std', 'virtio', 'qxl', 'cirrus', 'vmware'])),
  live: v.optional(v.boolean()),
  headless: v.optional(v.boolean()),
  vnc: v.optional(
    v.union([v.boolean(), v.strictObject({ bind: v.optional(address), port: v.optional(vncPort), password: v.optional(textOrSecret) })]),
  ),
  qemuArgs: v.optional(v.array(v.string())),
  programs: v.optional(v.strictObject({ system: v.optional(text), img: v.optional(text) })),
  imgArgs: v.optional(v.strictObject({ create: words, convert: words, resize: words })),
}

const schema = v.strictObject({
  ...start,
  ...vmEntries,
  ...machine,
  result: someResult,
  communicator: v.optional(v.picklist(['ssh', 'none'])),
  ssh: v.optional(v.strictObject({ ...sshAccessEntries, port: v.optional(port), host: v.optional(text) })),
  winrm: v.optional(v.strictObject(winrmGuestEntries)),
  clearAuthorizedKey: v.optional(v.boolean()),
  serialLog: v.optional(text),
})

/** Every problem of the options of `qemu()`, at once. */
export function qemuIssues(options: object): readonly Issue[] {
  const ssh: unknown = Reflect.get(options, 'ssh')
  return [
    ...optionSchema.schemaIssues(schema, options),
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

/** What options mean together, whatever they are. */
function issuesTogether(options: object): Issue[] {
  const given = (option: string, member?: string): unknown => memberOf(options, option, member)
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [given('iso') !== undefined && given('disk') !== undefined, { path: ['disk'], message: "cannot stand beside 'iso'" }],
    [
      given('disk') === undefined && given('diskSize') === undefined,
      { path: ['diskSize'], message: "is required where there is no 'disk' to start from" },
    ],
    [
      given('imgArgs', 'resize') !== undefined && (given('disk') === undefined || given('diskSize') === undefined),
      { path: ['imgArgs', 'resize'], message: "needs 'disk' and 'diskSize': nothing else is resized" },
    ],
    [
      given('imgArgs', 'convert') !== undefined && ['rootfs', 'none'].some((format) => format === given('result', 'format')),
      { path: ['imgArgs', 'convert'], message: 'needs a result that is a disk: nothing else is converted' },
    ],
    [
      given('result', 'nvram') !== undefined && !isUefi(given('firmware'), given('arch')),
      { path: ['result', 'nvram'], message: 'needs UEFI', hint: "add firmware: 'uefi'" },
    ],
    [
      given('arch') === 'aarch64' && (given('firmware') === 'bios' || given('firmware', 'bios') !== undefined),
      { path: ['firmware'], message: "must not be 'bios': aarch64 has none", hint: 'leave it out' },
    ],
    [
      given('arch') === 'aarch64' && given('vga') !== undefined,
      { path: ['vga'], message: 'is for x86_64', hint: 'leave it out: an aarch64 machine has a card of virtio' },
    ],
    [
      !fits(given('cpus'), [given('topology', 'sockets'), given('topology', 'cores'), given('topology', 'threads')]),
      {
        path: ['cpus'],
        message: `${String(given('cpus'))} cannot be spread over this topology`,
        hint: 'sockets × cores × threads is the number of processors',
      },
    ],
  ]
  return [...unreachableIssues(options), ...idleIssues(options), ...rules.flatMap(([broken, issue]) => (broken ? [issue] : []))]
}

/** Options that other ones leave without an effect, or that cannot work beside them. */
function idleIssues(options: object): Issue[] {
  const given = (option: string, member?: string): unknown => memberOf(options, option, member)
  const isEntered = given('communicator') !== 'none'
  const hasTpm = given('tpm') !== undefined && given('tpm') !== false
  const hasAgent = given('ssh', 'agent') !== undefined && given('ssh', 'agent') !== false
  const hasLogin = given('ssh', 'key') !== undefined || given('ssh', 'password') !== undefined || hasAgent
  const detour = ['bastions', 'proxy'].find((way) => given('ssh', way) !== undefined)
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [
      detour !== undefined && given('ssh', 'host') === undefined,
      {
        path: ['ssh', detour ?? ''],
        message: 'leads away from the guest, which is reached at a port of this machine',
        hint: "give the guest's own address as ssh.host",
      },
    ],
    [
      given('arch') === 'aarch64' && given('floppy') !== undefined,
      { path: ['floppy'], message: 'is for x86_64: aarch64 has no drive for it', hint: "give the machine a 'cd'" },
    ],
    [
      given('http') !== undefined && given('nic', 'isolated') === true,
      { path: ['http'], message: "cannot be reached: 'nic.isolated' keeps the guest from this machine", hint: "give the machine a 'cd'" },
    ],
    [given('live') === true && !isEntered, { path: ['live'], message: "is of no use: communicator is 'none', and there are no snapshots" }],
    [
      given('live') === true && given('winrm') !== undefined,
      { path: ['live'], message: 'is of no use: there are no snapshots of Windows' },
    ],
    [
      given('live') === true && hasTpm,
      { path: ['live'], message: 'is of no use: there are no snapshots of a machine whose TPM remembers' },
    ],
    [
      given('clearAuthorizedKey') === true && isEntered && hasLogin,
      { path: ['clearAuthorizedKey'], message: "is about the key that is made for the build, and 'ssh' gives another login" },
    ],
  ]
  return rules.flatMap(([broken, issue]) => (broken ? [issue] : []))
}

function isUefi(firmware: unknown, arch: unknown): boolean {
  if (typeof firmware === 'object' && firmware !== null) return !('bios' in firmware)
  return firmware === undefined ? arch === 'aarch64' : firmware !== 'bios'
}

/** Whether processors can be spread so: over all three exactly, over some evenly. Other numbers are found by the schema. */
function fits(cpus: unknown, topology: readonly unknown[]): boolean {
  const counts = topology.filter((each) => typeof each === 'number')
  if (typeof cpus !== 'number' || counts.length === 0) return true
  const product = counts.reduce((left, right) => left * right, 1)
  return counts.length === topology.length ? cpus === product : cpus % product === 0
}
