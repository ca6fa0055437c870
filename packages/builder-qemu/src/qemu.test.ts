import type { ArtifactReference } from '@imago/core'
import { artifactOf, defineImage, secret } from '@imago/core'
import { fakeBuilder, planOf } from '@imago/testing'
import { expect, test } from 'vitest'

import { qemu } from './qemu.ts'
import type { QemuOptions } from './qemu-options.ts'

const iso = { url: 'https://example.org/debian.iso', checksum: `sha256:${'0'.repeat(64)}` } as const
const least = { disk: { url: 'disk.qcow2', checksum: 'none' }, result: { format: 'qcow2', path: 'out/cow.qcow2' } } as const

/** Options from data may be anything. */
function messages(options: object): readonly string[] {
  const issues = qemu(options as QemuOptions).validate?.() ?? [] // what is checked just here
  return issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
}

test('right options have no problem', () => {
  expect(messages(least)).toEqual([])
  expect(messages({ diskSize: '10g', result: { format: 'none' }, communicator: 'none' })).toEqual([])
  expect(
    messages({
      iso,
      diskSize: '20g',
      arch: 'x86_64',
      accelerator: 'auto',
      cpus: 4,
      topology: { sockets: 1, cores: 2, threads: 2 },
      memory: '2g',
      cpuModel: 'Skylake-Client,-tsx',
      machineType: 'q35',
      firmware: { code: 'code.fd', vars: 'vars.fd', secureBoot: true },
      tpm: true,
      diskInterface: 'nvme',
      extraDisks: [{ size: '1g' }],
      extraCds: [{ url: 'virtio-win.iso', checksum: { url: 'SHA256SUMS' } }],
      nic: { model: 'e1000', mac: '52:54:00:12:34:56', isolated: false },
      forwards: [{ guest: 80, host: 8080, protocol: 'udp', bind: '0.0.0.0' }],
      extraNics: [{ bridge: 'br0' }],
      kernel: { image: 'vmlinuz', initrd: 'initrd', commandLine: () => 'quiet' },
      vga: 'qxl',
      headless: false,
      vnc: { port: 5901, password: secret('word') },
      qemuArgs: ['-device', 'usb-ehci'],
      programs: { system: '/opt/qemu/bin/qemu-system-x86_64' },
      http: { directory: 'http' },
      boot: { wait: '5s', command: ['<esc><wait>', 'install<enter>'] },
      shutdown: { command: 'sudo poweroff', timeout: '2m' },
      ssh: { user: 'debian', host: '192.0.2.7', port: 2222, timeout: '1h', key: { file: 'key' } },
      clearAuthorizedKey: false,
      serialLog: 'out/serial.log',
      result: {
        format: 'vmdk',
        path: 'out/cow.vmdk',
        compress: true,
        nvram: 'out/nvram',
        rootfs: { path: 'out/root.tar', exclude: ['/boot'] },
      },
    }),
  ).toEqual([])
})

test('wrong options are named, all at once', () => {
  expect(
    messages({
      dsik: 'x',
      diskSize: '20 GB',
      cpus: 0,
      memory: 'much',
      accelerator: 'fast',
      firmware: 'efi',
      forwards: [{ guest: 80, host: 70_000 }],
      vnc: { port: 80 },
      qemuArgs: '-device',
      boot: { command: '<entr>' },
      ssh: { forwardAgent: true, agent: false },
      result: { format: 'qcow', path: 'x' },
    }),
  ).toMatchInlineSnapshot(`
    [
      "diskSize: must be a size, such as '20g', '512m' or a number of bytes, not "20 GB"",
      "accelerator: must be 'auto' or 'kvm' or 'tcg' or 'hvf', not "fast"",
      "cpus: must be at least 1, not 0",
      "memory: must be a size, such as '20g', '512m' or a number of bytes, not "much"",
      "firmware: must be ('bios' or 'uefi' or 'uefi-secure') or Object, not "efi"",
      "forwards.0.host: must be 1 to 65535, not 70000",
      "vnc.port: must be 5900 or higher, not 80",
      "qemuArgs: must be an array, not "-device"",
      "result.format: must be 'qcow2' or 'raw' or 'vmdk' or 'vdi' or 'vhdx' or 'rootfs' or 'none', not "qcow"",
      "dsik: unknown option 'dsik' (did you mean 'disk'?)",
      "boot.command: there is no key '<entr>' (did you mean '<enter>'? write '<lt>entr>' to type it as it stands)",
      "ssh.forwardAgent: needs an agent, and 'agent' is false",
    ]
  `)
})

test('what does not go together is named', () => {
  expect(messages({ ...least, iso })).toEqual(["disk: cannot stand beside 'iso'"])
  expect(messages({ iso, result: { format: 'none' } })).toEqual(["diskSize: is required where there is no 'disk' to start from"])
  expect(messages({ ...least, result: { ...least.result, nvram: 'x' } })).toEqual(["result.nvram: needs UEFI (add firmware: 'uefi')"])
  expect(messages({ ...least, arch: 'aarch64', firmware: 'bios' })).toEqual([
    "firmware: must not be 'bios': aarch64 has none (leave it out)",
  ])
  expect(
    messages({
      ...least,
      communicator: 'none',
      ssh: {},
      clearAuthorizedKey: true,
      live: true,
      shutdown: { command: 'poweroff' },
      result: { format: 'rootfs', path: 'x' },
    }),
  ).toEqual([
    "ssh: cannot stand beside communicator: 'none'",
    "clearAuthorizedKey: has nothing to remove: communicator is 'none', and no key is made",
    "result: cannot hold the file system: communicator is 'none', and it is taken over SSH",
    "shutdown.command: cannot run: communicator is 'none'",
    "live: is of no use: communicator is 'none', and there are no snapshots",
  ])
  expect(messages({ ...least, result: { format: 'vdi', path: 'x', compress: true } })).toEqual([
    "result.compress: unknown option 'compress' (known: format, path, nvram, rootfs)",
  ])
})

test('what would have no effect, or cannot work, is named', () => {
  expect(messages({ ...least, live: true, tpm: true })).toEqual([
    'live: is of no use: there are no snapshots of a machine whose TPM remembers',
  ])
  const winrm = { user: 'vagrant', password: 'vagrant', tls: { insecure: true }, port: 5986, timeout: '4h' }
  expect(messages({ ...least, winrm })).toEqual([])
  expect(
    messages({
      ...least,
      winrm: { ...winrm, prot: 1 },
      ssh: {},
      communicator: 'ssh',
      live: true,
      clearAuthorizedKey: true,
      result: { format: 'rootfs', path: 'a.tar' },
    }),
  ).toMatchInlineSnapshot(`
    [
      "winrm.prot: unknown option 'prot' (did you mean 'port'?)",
      "winrm: cannot stand beside 'ssh': the guest is reached in one way",
      "winrm: cannot stand beside 'communicator': the guest is reached over WinRM",
      "clearAuthorizedKey: has nothing to remove: no key is made for WinRM",
      "result: cannot hold the file system: it is taken over SSH",
      "live: is of no use: there are no snapshots of Windows",
    ]
  `)
  expect(messages({ ...least, live: true, tpm: false, clearAuthorizedKey: true })).toEqual([])
  const ofOnesOwn = "clearAuthorizedKey: is about the key that is made for the build, and 'ssh' gives another login"
  for (const ssh of [{ key: { file: 'key' } }, { password: 'cow' }, { agent: true }]) {
    expect(messages({ ...least, ssh, clearAuthorizedKey: true })).toEqual([ofOnesOwn])
  }
  expect(messages({ ...least, nic: { isolated: true }, http: { directory: 'http' } })).toEqual([
    "http: cannot be reached: 'nic.isolated' keeps the guest from this machine (give the machine a 'cd')",
  ])
  const bastions = [{ host: 'bastion' }]
  expect(messages({ ...least, ssh: { bastions } })).toEqual([
    "ssh.bastions: leads away from the guest, which is reached at a port of this machine (give the guest's own address as ssh.host)",
  ])
  expect(messages({ ...least, ssh: { host: '192.0.2.7', bastions } })).toEqual([])
  expect(messages({ ...least, arch: 'aarch64', floppy: { files: ['x'] } })).toEqual([
    "floppy: is for x86_64: aarch64 has no drive for it (give the machine a 'cd')",
  ])
})

test('arguments of qemu-img are for what it does', () => {
  const imgArgs = { create: ['-o', 'cluster_size=2M'], convert: ['-W'], resize: ['--shrink'] }
  expect(messages({ ...least, diskSize: '1g', imgArgs })).toEqual([])
  expect(messages({ ...least, imgArgs })).toEqual(["imgArgs.resize: needs 'disk' and 'diskSize': nothing else is resized"])
  expect(messages({ diskSize: '1g', result: { format: 'none' }, imgArgs: { convert: ['-W'] } })).toEqual([
    'imgArgs.convert: needs a result that is a disk: nothing else is converted',
  ])
  expect(messages({ ...least, imgArgs: { create: [], info: ['-U'] } })).toEqual([
    'imgArgs.create: must not be empty, not []',
    "imgArgs.info: unknown option 'info' (known: create, convert, resize)",
  ])
})

test('a disk can be what another build makes, when that is a disk', () => {
  const disks = defineImage({ name: 'base', builders: { vm: qemu(least) } })
  expect(messages({ ...least, disk: artifactOf(disks, 'vm') })).toEqual([])
  const others = defineImage({ name: 'base', builders: { vm: fakeBuilder() } })
  const reference: ArtifactReference = artifactOf(others, 'vm')
  expect(messages({ ...least, disk: reference })).toEqual([expect.stringContaining('disk: must refer to an artifact of type qemu-disk')])
})

test('local files are looked for before anything starts, and what is written is known', () => {
  const builder = qemu({
    ...least,
    cd: { files: ['seed'] },
    kernel: { image: 'vmlinuz' },
    firmware: { code: 'c.fd', vars: 'v.fd' },
    ssh: { key: { file: 'key' } },
    extraDisks: [{ size: '1g' }],
    serialLog: 'out/serial.log',
    result: { ...least.result, rootfs: true },
  })
  expect(builder.inputs?.().map(({ path, at }) => `${at.join('.')}: ${path}`)).toEqual([
    'disk.url: disk.qcow2',
    'cd.files.0: seed',
    'kernel.image: vmlinuz',
    'firmware.code: c.fd',
    'firmware.vars: v.fd',
    'ssh.key.file: key',
  ])
  expect(builder.outputs?.().map(({ path }) => path)).toEqual(['out/cow.qcow2', 'out/cow-1.qcow2', 'out/cow.tar', 'out/serial.log'])
  expect([qemu(least).makes, qemu({ diskSize: 1, result: { format: 'none' } }).makes]).toEqual([
    { type: 'qemu-disk', files: true },
    { type: 'discarded', files: false },
  ])
})

test('a plan is plain, and needs nothing of the machine', () => {
  const plan = planOf(defineImage({ name: 'cow', builders: { vm: qemu({ ...least, vnc: { password: secret('hush') } }) } }))
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  expect(JSON.stringify(plan)).not.toContain('hush')
})

test('processors are spread over a topology that they fit', () => {
  const spread = (cpus: number | undefined, topology: object): readonly string[] =>
    messages({ ...least, ...(cpus !== undefined && { cpus }), topology })
  expect([spread(4, { cores: 2 }), spread(undefined, { cores: 3 }), spread(6, { sockets: 1, cores: 3, threads: 2 })]).toEqual([[], [], []])
  const hint = ' cannot be spread over this topology (sockets × cores × threads is the number of processors)'
  expect(spread(3, { cores: 2 })).toEqual([`cpus: 3${hint}`])
  expect(spread(8, { sockets: 1, cores: 2, threads: 2 })).toEqual([`cpus: 8${hint}`])
  expect(spread(2, { cores: 0 })[0]).toMatch(/^topology\.cores: /)
})

test('what only a PC has', () => {
  expect(messages({ ...least, firmware: { bios: 'seabios.bin' } })).toEqual([])
  expect(messages({ ...least, firmware: { bios: 'b', code: 'c', vars: 'v' } })).not.toEqual([])
  expect(messages({ ...least, firmware: { bios: 'b' }, result: { ...least.result, nvram: 'x' } })).toEqual([
    "result.nvram: needs UEFI (add firmware: 'uefi')",
  ])
  expect(messages({ ...least, arch: 'aarch64', firmware: { bios: 'b' }, vga: 'std' })).toEqual([
    "firmware: must not be 'bios': aarch64 has none (leave it out)",
    'vga: is for x86_64 (leave it out: an aarch64 machine has a card of virtio)',
  ])
})
