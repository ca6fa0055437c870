import { artifactOf, defineImage, secret } from '@imago/core'
import { fakeBuilder, planOf } from '@imago/testing'
import { expect, test } from 'vitest'

import { virtualboxIso } from './virtualbox-iso.ts'
import type { VirtualBoxIsoOptions, VirtualBoxOvfOptions, VirtualBoxVmOptions } from './virtualbox-options.ts'
import { virtualboxOvf } from './virtualbox-ovf.ts'
import { virtualboxVm } from './virtualbox-vm.ts'

const iso = { url: 'debian.iso', checksum: 'none' } as const
const result = { format: 'ova', path: 'out/cow.ova' } as const
const least = { iso, diskSize: '10g', result } as const

/** Options from data may be anything. */
function messages(options: object, kind: 'iso' | 'ovf' | 'vm' = 'iso'): readonly string[] {
  const builder =
    kind === 'iso'
      ? virtualboxIso(options as VirtualBoxIsoOptions)
      : kind === 'ovf'
        ? virtualboxOvf(options as VirtualBoxOvfOptions)
        : virtualboxVm(options as VirtualBoxVmOptions) // what is checked just here
  const issues = builder.validate?.() ?? []
  return issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
}

test('right options have no problem', () => {
  expect(messages(least)).toEqual([])
  expect(
    messages({
      ...least,
      guestOsType: 'Debian_64',
      cpus: 4,
      memory: '2g',
      chipset: 'ich9',
      firmware: 'efi',
      nestedVirtualization: true,
      clock: 'local',
      diskInterface: 'nvme',
      sataPorts: 4,
      nvmePorts: 2,
      solidState: true,
      discard: true,
      extraDisks: [{ size: '1g' }],
      cdInterface: 'sata',
      nic: 'virtio',
      audio: { driver: 'pulse', controller: 'ac97' },
      usb: true,
      graphics: { controller: 'vmsvga', vram: 64, accelerate3d: true, efiResolution: '1024x768' },
      bundleIso: true,
      name: 'cow 1.0',
      keepRegistered: true,
      force: true,
      headless: false,
      vrdp: { bind: '0.0.0.0', ports: [5900, 5910] },
      guestAdditions: { mode: 'upload', path: '/tmp/additions.iso', iso: () => iso },
      versionFile: '.vbox_version',
      vboxmanage: [['modifyvm', 'x', '--vram', '64']],
      vboxmanagePost: ({ vm }: { readonly vm: string }) => [['modifyvm', vm, '--vram', '16']],
      ssh: { user: 'debian', port: 2222, hostPorts: [2222, 4444], password: secret('word') },
      clearAuthorizedKey: false,
      serialLog: 'serial.log',
      program: '/usr/bin/VBoxManage',
      boot: { wait: '5s', command: ['<esc><wait>', 'install<enter>'] },
      result: { ...result, exportOptions: ['--vsys', '0'], rootfs: { path: 'root.tar', exclude: ['/boot'] } },
    }),
  ).toEqual([])
  expect(messages({ source: iso, importOptions: ['--options', 'keepallmacs'], result: { format: 'none' } }, 'ovf')).toEqual([])
  expect(messages({ vm: 'base', snapshot: 'a', clone: 'in-place', targetSnapshot: 'b', result: { format: 'registered' } }, 'vm')).toEqual(
    [],
  )
})

test('wrong options are named, all at once', () => {
  expect(
    messages({
      disksize: '10g',
      iso: 'debian.iso',
      guestOsType: 'Debian (64-bit)',
      cpus: 0,
      firmware: 'uefi',
      vboxmanage: 'modifyvm',
      vrdp: { ports: [6000, 5900] },
      guestAdditions: { mode: 'disable' },
      graphics: { efiResolution: 'big' },
      name: 'a/b',
      result: { format: 'vmdk', path: 'x' },
    }),
  ).toMatchInlineSnapshot(`
    [
      "result.format: must be 'ova' or 'ovf' or 'registered' or 'rootfs' or 'none', not "vmdk"",
      "name: must be a name that a file can have, not "a/b"",
      "vrdp.ports: must be the lowest port and the highest, not [6000,5900]",
      "guestAdditions.mode: must be 'upload' or 'attach', not "disable"",
      "vboxmanage: must be an array, not "modifyvm"",
      "guestOsType: must be a name of 'VBoxManage list ostypes', such as Debian_64, not "Debian (64-bit)"",
      "cpus: must be a whole number, 1 to 64, not 0",
      "firmware: must be 'bios' or 'efi', not "uefi"",
      "graphics.efiResolution: must be a size such as '1024x768', not "big"",
      "iso: must be an object, not "debian.iso"",
      "diskSize: is required",
      "disksize: unknown option 'disksize' (did you mean 'diskSize'?)",
    ]
  `)
})

test('what does not go together is named', () => {
  const unreachable = { ...least, communicator: 'none' }
  expect(
    messages({ ...unreachable, ssh: {}, shutdown: { command: 'poweroff' }, versionFile: 'x', guestAdditions: { mode: 'upload' } }),
  ).toEqual([
    "ssh: cannot stand beside communicator: 'none'",
    "shutdown.command: cannot run: communicator is 'none'",
    "guestAdditions.mode: cannot be done: communicator is 'none'",
    "versionFile: cannot be done: communicator is 'none'",
  ])
  expect(messages({ ...unreachable, result: { ...result, rootfs: true } })).toEqual([
    "result: cannot hold the file system: communicator is 'none', and it is taken over SSH",
  ])
  expect(messages({ ...least, guestAdditions: { mode: 'attach', path: 'x' } })).toEqual(["guestAdditions.path: is for mode: 'upload'"])
  const cleared = { ...least, clearAuthorizedKey: true }
  expect(messages({ ...cleared, ssh: { agent: false, user: 'cow' } })).toEqual([])
  for (const ssh of [{ password: 'moo' }, { key: { file: 'key' } }, { agent: true }]) {
    expect(messages({ ...cleared, ssh })).toEqual(["clearAuthorizedKey: has nothing to remove: 'ssh' has a login, and no key is made"])
  }
  expect(messages({ ...least, ssh: { host: '10.0.0.7', hostPorts: [2222, 2223] } })).toEqual([
    "ssh.hostPorts: cannot stand beside 'host': no port leads to it then",
  ])
  expect(messages({ vm: 'base', clone: 'in-place', name: 'x', result }, 'vm')).toEqual([
    "clone: 'in-place' leaves the machine where it is, under its own name: leave out 'keepRegistered' and 'name'",
  ])
  expect(messages({ vm: 'base', targetSnapshot: 'done', result }, 'vm')).toEqual([
    "targetSnapshot: is of the machine itself (add clone: 'in-place')",
  ])
})

test('an appliance can be what another build makes, when that is one', () => {
  const base = defineImage({ name: 'base', builders: { vm: virtualboxIso(least), other: fakeBuilder() } })
  expect(messages({ source: artifactOf(base, 'vm'), result }, 'ovf')).toEqual([])
  expect(messages({ source: artifactOf(base, 'other'), result }, 'ovf')).toEqual([
    expect.stringContaining('source: must refer to an artifact of type virtualbox-appliance'),
  ])
})

test('a guest that runs Windows has another way in', () => {
  const messages = (options: object): readonly string[] =>
    (virtualboxIso({ ...least, ...options }).validate?.() ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
  const winrm = { user: 'vagrant', password: secret('vagrant'), tls: { ca: 'ca.pem' }, hostPorts: [3000, 3010] }
  expect(messages({ winrm })).toEqual([])
  expect(messages({ winrm: { ...winrm, host: '192.0.2.8' }, ssh: {}, communicator: 'none' })).toEqual([
    "winrm: cannot stand beside 'ssh': the guest is reached in one way",
    "winrm: cannot stand beside 'communicator': the guest is reached over WinRM",
    "ssh: cannot stand beside communicator: 'none'",
    "winrm.hostPorts: cannot stand beside 'host': no port leads to it then",
  ])
  expect(messages({ winrm: {} })).toEqual(['winrm.password: is required'])
  expect(virtualboxIso({ ...least, winrm: { password: 'word', tls: { ca: 'ca.pem' } } }).inputs?.()).toContainEqual({
    path: 'ca.pem',
    at: ['winrm', 'tls', 'ca'],
    kind: 'file',
  })
})

test('local files are looked for before anything starts, and what is written is known', () => {
  const builder = virtualboxIso({
    ...least,
    cd: { files: ['seed'] },
    guestAdditions: { mode: 'attach', iso: { url: 'additions.iso', checksum: 'none' } },
    ssh: { key: { file: 'key' } },
    serialLog: 'out/serial.log',
    result: { format: 'ovf', path: 'out/cow.ovf', rootfs: true },
  })
  expect(builder.inputs?.().map(({ path, at }) => `${at.join('.')}: ${path}`)).toEqual([
    'iso.url: debian.iso',
    'guestAdditions.iso.url: additions.iso',
    'cd.files.0: seed',
    'ssh.key.file: key',
  ])
  expect(builder.outputs?.().map(({ path }) => path)).toEqual(['out/cow.ovf', 'out/cow.mf', 'out/cow.tar', 'out/serial.log'])
  expect([builder.makes, virtualboxVm({ vm: 'base', result: { format: 'registered' } }).makes]).toEqual([
    { type: 'virtualbox-appliance', files: true },
    { type: 'virtualbox-machine', files: false },
  ])
})

test('a plan is plain, and needs nothing of the machine', () => {
  const vm = virtualboxIso({ ...least, ssh: { password: secret('hush') } })
  const plan = planOf(defineImage({ name: 'cow', builders: { vm } }))
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  expect(JSON.stringify(plan)).not.toContain('hush')
})
