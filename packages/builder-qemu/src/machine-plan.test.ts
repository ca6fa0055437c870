import { buildContext } from '@imago/testing'
import { expect, test } from 'vitest'

import type { MachinePlan } from './machine-plan.ts'
import { machineSpec } from './machine-plan.ts'
import type { MachineSpec } from './machine-spec.ts'
import type { MachineOptions, QemuOptions } from './qemu-options.ts'

const ctx = buildContext({ runId: 'run', image: 'cow', build: 'vm', directory: '/definition', workDirectory: '/work' })
const flash = { code: '/code', codeFormat: 'raw', vars: '/work/nvram', varsFormat: 'raw', secure: false }
const plan: MachinePlan = {
  accelerator: 'tcg',
  disks: [],
  cds: [],
  floppy: undefined,
  flash: undefined,
  facts: { buildName: 'vm', builderType: 'qemu', runId: 'run', image: 'cow', httpUrl: 'http://10.0.2.2/x' },
}
const least = { diskSize: '1g', result: { format: 'none' } } as const

type Options = MachineOptions & Pick<QemuOptions, 'communicator' | 'ssh' | 'winrm'>

function spec(options: Options, overrides: Partial<MachinePlan> = {}): Omit<MachineSpec, 'sockets'> {
  return machineSpec({ ...least, ...options }, { ...plan, ...overrides }, ctx)
}

test('the defaults', () => {
  expect(spec({})).toEqual({
    name: 'imago-run-cow-vm',
    arch: 'x86_64',
    accelerator: 'tcg',
    type: 'pc',
    cpu: 'max',
    cpus: 2,
    memory: 1024 ** 3,
    disks: [],
    diskInterface: 'virtio',
    cds: [],
    nics: [
      {
        model: 'virtio-net-pci',
        network: { type: 'user', isolated: false, forwards: [{ protocol: 'tcp', bind: '127.0.0.1', host: 0, guest: 22 }] },
      },
    ],
    serialLog: '/work/serial.log',
    headless: true,
    isIncoming: false,
    extra: [],
  })
})

test('the kind of machine and of processor depend on firmware and accelerator', () => {
  expect([spec({}, { accelerator: 'kvm' }).cpu, spec({}, { flash }).type]).toEqual(['host', 'q35'])
  expect([spec({ arch: 'aarch64' }, { flash }).type, spec({ arch: 'aarch64' }, { flash, accelerator: 'kvm' }).type]).toEqual([
    'virt',
    'virt,gic-version=max',
  ])
  const given = spec({ machineType: 'microvm', cpuModel: 'Nehalem' }, { flash })
  expect([given.type, given.cpu]).toEqual(['microvm', 'Nehalem'])
})

test('networks', () => {
  const { nics } = spec({
    ssh: { port: 2222 },
    nic: { model: 'e1000', mac: '52:54:00:00:00:01', isolated: true },
    forwards: [{ guest: 80, host: 8080 }],
    extraNics: [{ bridge: 'br0' }],
  })
  const forwards = [
    { protocol: 'tcp', bind: '127.0.0.1', host: 0, guest: 2222 },
    { protocol: 'tcp', bind: '127.0.0.1', host: 8080, guest: 80 },
  ]
  expect(nics).toEqual([
    { model: 'e1000', mac: '52:54:00:00:00:01', network: { type: 'user', isolated: true, forwards } },
    { model: 'virtio-net-pci', network: { type: 'bridge', name: 'br0' } },
  ])
  expect(spec({ communicator: 'none' }).nics[0]?.network).toMatchObject({ forwards: [] })
  expect(spec({ ssh: { host: '192.0.2.7' } }).nics[0]?.network).toMatchObject({ forwards: [] })
  const winrm = { password: 'word' }
  expect(spec({ winrm }).nics[0]?.network).toMatchObject({ forwards: [{ guest: 5985 }] })
  expect(spec({ winrm: { ...winrm, tls: true } }).nics[0]?.network).toMatchObject({ forwards: [{ guest: 5986 }] })
  expect(spec({ winrm: { ...winrm, host: '192.0.2.7' } }).nics[0]?.network).toMatchObject({ forwards: [] })
})

test('a TPM of version 1.2', () => {
  expect([spec({ tpm: true }).hasOldTpm, spec({ tpm: '1.2' }).hasOldTpm]).toEqual([undefined, true])
})

test('VNC', () => {
  expect([spec({ vnc: false }).vnc, spec({ vnc: true }).vnc]).toEqual([undefined, '127.0.0.1:0,to=999'])
  expect(spec({ vnc: { bind: '0.0.0.0', port: 5907, password: 'word' } }).vnc).toBe('0.0.0.0:7,password=on')
})

test('a kernel, whose files are relative to the definition, and whose command line may be made of facts', () => {
  const commandLine: NonNullable<QemuOptions['kernel']>['commandLine'] = ({ httpUrl }) => `url=${httpUrl}`
  expect(spec({ kernel: { image: 'vmlinuz', initrd: '/boot/initrd', commandLine } }).kernel).toEqual({
    image: '/definition/vmlinuz',
    initrd: '/boot/initrd',
    commandLine: 'url=http://10.0.2.2/x',
  })
})

test('processors, a BIOS in a file, a card for the screen', () => {
  const given = spec({ topology: { sockets: 2, cores: 3 }, firmware: { bios: 'seabios.bin' }, vga: 'qxl' })
  expect(given).toMatchObject({ cpus: 6, topology: { sockets: 2, cores: 3 }, bios: '/definition/seabios.bin', vga: 'qxl' })
  expect(spec({ cpus: 8, topology: { cores: 4 } })).toMatchObject({ cpus: 8, topology: { cores: 4 } })
})
