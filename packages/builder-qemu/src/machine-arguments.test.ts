import { expect, test } from 'vitest'

import { machineArguments } from './machine-arguments.ts'
import type { MachineSpec } from './machine-spec.ts'

const spec: MachineSpec = {
  name: 'imago-run-cow-vm',
  arch: 'x86_64',
  accelerator: 'tcg',
  type: 'pc',
  cpu: 'max',
  cpus: 2,
  memory: 1024 ** 3,
  disks: [{ path: '/work/disk0.qcow2', format: 'qcow2' }],
  diskInterface: 'virtio',
  cds: [],
  nics: [
    {
      model: 'virtio-net-pci',
      network: { type: 'user', isolated: false, forwards: [{ protocol: 'tcp', bind: '127.0.0.1', host: 0, guest: 22 }] },
    },
  ],
  sockets: { qmp: '/tmp/m/qmp', serial: '/tmp/m/serial' },
  serialLog: '/work/serial.log',
  headless: true,
  isIncoming: false,
  extra: [],
}

/** The values of an option, or of one whose value begins in a certain way. */
function values(args: readonly string[], option: string, begins = ''): readonly string[] {
  return args.flatMap((arg, at) => (arg === option && (args[at + 1] ?? '').startsWith(begins) ? [args[at + 1] ?? ''] : []))
}

test('a PC with a disk', () => {
  expect(machineArguments(spec)).toMatchInlineSnapshot(`
    [
      "-name",
      "guest=imago-run-cow-vm",
      "-nodefaults",
      "-no-user-config",
      "-S",
      "-machine",
      "pc",
      "-accel",
      "tcg",
      "-cpu",
      "max",
      "-smp",
      "2",
      "-m",
      "1024M",
      "-blockdev",
      "{"driver":"qcow2","node-name":"disk0","cache":{"direct":false,"no-flush":true},"discard":"unmap","detect-zeroes":"unmap","file":{"driver":"file","filename":"/work/disk0.qcow2","cache":{"direct":false,"no-flush":true},"discard":"unmap"}}",
      "-device",
      "virtio-blk-pci,werror=enospc,drive=disk0,bootindex=1",
      "-netdev",
      "user,id=net0,hostfwd=tcp:127.0.0.1:0-:22",
      "-device",
      "virtio-net-pci,netdev=net0",
      "-device",
      "virtio-rng-pci",
      "-qmp",
      "unix:/tmp/m/qmp,server=on,wait=off",
      "-chardev",
      "socket,id=serial0,path=/tmp/m/serial,server=on,wait=off,logfile=/work/serial.log",
      "-serial",
      "chardev:serial0",
      "-device",
      "VGA",
      "-display",
      "none",
    ]
  `)
})

test('what the user adds comes last, and replaces nothing', () => {
  const args = machineArguments({ ...spec, extra: ['-device', 'usb-ehci', '-netdev', 'user,id=mine'] })
  expect(args.slice(0, -4)).toEqual(machineArguments(spec))
  expect(args.slice(-4)).toEqual(['-device', 'usb-ehci', '-netdev', 'user,id=mine'])
})

test('UEFI with secure boot and a TPM', () => {
  const flash = { code: '/fw/code.fd', codeFormat: 'raw', vars: '/work/nvram', varsFormat: 'raw', secure: true }
  const sockets = { ...spec.sockets, tpm: '/tmp/m/tpm' }
  const args = machineArguments({ ...spec, type: 'q35', flash, sockets, cds: ['/a.iso', '/b.iso'] })
  expect(values(args, '-machine')).toEqual(['q35,pflash0=flash0,pflash1=flash1,smm=on'])
  expect(values(args, '-global')).toEqual(['driver=cfi.pflash01,property=secure,value=on', 'ICH9-LPC.disable_s3=1'])
  expect(values(args, '-blockdev', '{"driver":"raw","node-name":"flash')).toEqual([
    '{"driver":"raw","node-name":"flash0","read-only":true,"file":{"driver":"file","filename":"/fw/code.fd","read-only":true}}',
    '{"driver":"raw","node-name":"flash1","file":{"driver":"file","filename":"/work/nvram"}}',
  ])
  expect(values(args, '-device', 'ide-cd')).toEqual(['ide-cd,bus=ide.5,drive=cd0,bootindex=2', 'ide-cd,bus=ide.4,drive=cd1'])
  expect(values(args, '-device', 'tpm')).toEqual(['tpm-crb,tpmdev=tpm0'])
  const older = machineArguments({ ...spec, sockets, hasOldTpm: true })
  expect(values(older, '-device', 'tpm')).toEqual(['tpm-tis,tpmdev=tpm0'])
})

test('a board for aarch64 gets a screen, a keyboard and a controller for CDs', () => {
  const args = machineArguments({ ...spec, arch: 'aarch64', type: 'virt', cds: ['/a.iso'] })
  expect(values(args, '-device')).toEqual([
    'virtio-scsi-pci,id=scsi0',
    'virtio-blk-pci,werror=enospc,drive=disk0,bootindex=1',
    'scsi-cd,bus=scsi0.0,scsi-id=1,drive=cd0,bootindex=2',
    'virtio-net-pci,netdev=net0',
    'virtio-rng-pci',
    'virtio-gpu-pci',
    'qemu-xhci',
    'usb-kbd',
  ])
})

test.each([
  ['virtio', 'pc', ['virtio-blk-pci,werror=enospc,drive=disk0,bootindex=1', 'virtio-blk-pci,werror=enospc,drive=disk1']],
  [
    'virtio-scsi',
    'pc',
    ['scsi-hd,bus=scsi0.0,scsi-id=0,werror=enospc,drive=disk0,bootindex=1', 'scsi-hd,bus=scsi0.0,scsi-id=1,werror=enospc,drive=disk1'],
  ],
  ['sata', 'pc', ['ide-hd,bus=sata0.0,werror=enospc,drive=disk0,bootindex=1', 'ide-hd,bus=sata0.1,werror=enospc,drive=disk1']],
  ['sata', 'q35', ['ide-hd,bus=ide.0,werror=enospc,drive=disk0,bootindex=1', 'ide-hd,bus=ide.1,werror=enospc,drive=disk1']],
  ['ide', 'pc', ['ide-hd,bus=ide.0,unit=0,werror=enospc,drive=disk0,bootindex=1', 'ide-hd,bus=ide.0,unit=1,werror=enospc,drive=disk1']],
  ['nvme', 'pc', ['nvme,serial=disk0,drive=disk0,bootindex=1', 'nvme,serial=disk1,drive=disk1']],
] as const)('disks: %s of a %s', (diskInterface, type, expected) => {
  const disks = [...spec.disks, { path: '/work/disk1.raw', format: 'raw' }]
  const args = machineArguments({ ...spec, type, diskInterface, disks })
  expect(values(args, '-device').filter((device) => device.includes('drive=disk'))).toEqual(expected)
})

test('networks, a kernel, VNC, a floppy', () => {
  const forwards = [{ protocol: 'udp', bind: '0.0.0.0', host: 5353, guest: 53 }] as const
  const args = machineArguments({
    ...spec,
    nics: [
      { model: 'e1000', mac: '52:54:00:00:00:01', network: { type: 'user', isolated: true, forwards } },
      { model: 'virtio-net-pci', network: { type: 'bridge', name: 'br0' } },
    ],
    kernel: { image: '/k', initrd: '/a,b', commandLine: 'console=ttyS0,115200' },
    vnc: '127.0.0.1:0,to=999',
    headless: false,
    floppy: '/work/floppy.img',
  })
  expect(values(args, '-netdev')).toEqual(['user,id=net0,restrict=on,hostfwd=udp:0.0.0.0:5353-:53', 'bridge,id=net1,br=br0'])
  expect(values(args, '-device', 'e1000')).toEqual(['e1000,netdev=net0,mac=52:54:00:00:00:01'])
  expect([values(args, '-kernel'), values(args, '-initrd'), values(args, '-append')]).toEqual([['/k'], ['/a,,b'], ['console=ttyS0,115200']])
  expect([values(args, '-vnc'), args.includes('-display')]).toEqual([['127.0.0.1:0,to=999'], false])
  expect(values(args, '-device', 'floppy')).toEqual(['floppy,bus=fdc0.0,drive=floppy0'])
})

test('processors, a BIOS in a file, a card for the screen', () => {
  const args = machineArguments({ ...spec, cpus: 8, topology: { cores: 2, threads: 2 }, bios: '/fw/bios.bin', vga: 'virtio' })
  expect([values(args, '-smp'), values(args, '-bios')]).toEqual([['8,cores=2,threads=2'], ['/fw/bios.bin']])
  expect(values(args, '-device')).toContain('virtio-vga')
  expect(values(args, '-device')).not.toContain('VGA')
})
