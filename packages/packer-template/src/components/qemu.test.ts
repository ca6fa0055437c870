import type { Facts } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { builderOptions, load } from '../../test/load.ts'

const base = { type: 'qemu', iso_url: 'https://cd.example/x.iso', iso_checksum: 'none', ssh_username: 'root', ssh_password: 'password' }
const hex = '0'.repeat(64)

const plain = {
  iso: { url: 'https://cd.example/x.iso', checksum: 'none' },
  diskSize: '40g',
  cpus: 1,
  memory: '512m',
  ssh: { user: 'root', password: 'password' },
  result: { format: 'qcow2', path: 'output-qemu/packer-qemu' },
}

test('what a template does not say is what it is in Packer', async () => {
  expect(await builderOptions(base)).toEqual(plain)
})

test.for<[options: object, expected: object]>([
  [{ iso_checksum: hex }, { iso: { ...plain.iso, checksum: `sha256:${hex}` } }],
  [{ iso_checksum: 'd'.repeat(32) }, { iso: { ...plain.iso, checksum: `md5:${'d'.repeat(32)}` } }],
  [{ iso_checksum: 'file:./SHA256SUMS' }, { iso: { ...plain.iso, checksum: { url: './SHA256SUMS' } } }],
  [{ iso_checksum: `sha512:${'f'.repeat(128)}` }, { iso: { ...plain.iso, checksum: `sha512:${'f'.repeat(128)}` } }],
  [{ iso_checksum: 'NONE' }, {}],
  [{ iso_checksum: undefined, iso_checksum_type: 'none' }, {}],
  [{ iso_checksum: hex, iso_checksum_type: 'sha256' }, { iso: { ...plain.iso, checksum: `sha256:${hex}` } }],
  [
    { iso_url: undefined, iso_urls: ['a.iso', 'https://b.example/b.iso'] },
    { iso: { url: ['a.iso', 'https://b.example/b.iso'], checksum: 'none' } },
  ],
  [{ disk_size: 20_480 }, { diskSize: '20480m' }],
  [{ disk_size: '20G' }, { diskSize: '20g' }],
  [{ disk_size: '{{user `size`}}' }, { diskSize: '64m' }],
  [{ disk_image: true }, { iso: undefined, disk: plain.iso }],
  [
    { disk_image: 'true', skip_resize_disk: true },
    { iso: undefined, disk: plain.iso, diskSize: undefined },
  ],
  [{ disk_additional_size: '1G,2048' }, { extraDisks: [{ size: '1g' }, { size: '2048m' }] }],
  [{ disk_additional_size: ['1G', '2048'] }, { extraDisks: [{ size: '1g' }, { size: '2048m' }] }],
  [
    { memory: 2048, cpus: '2' },
    { memory: '2048m', cpus: 2 },
  ],
  [{ accelerator: 'none' }, { accelerator: 'tcg' }],
  [{ disk_interface: 'virtio-scsi' }, { diskInterface: 'virtio-scsi' }],
  [{ net_device: 'e1000' }, { nic: { model: 'e1000' } }],
  [
    { machine_type: 'q35', cpu_model: 'host' },
    { machineType: 'q35', cpuModel: 'host' },
  ],
  [{ headless: '{{user `yes`}}' }, { headless: true }],
  [{ display: 'none' }, { headless: true }],
  [{ efi_boot: true }, { firmware: 'uefi', result: { ...plain.result, nvram: 'output-qemu/efivars.fd' } }],
  [{ efi_boot: true, efi_drop_efivars: true }, { firmware: 'uefi' }],
  [{ efi_firmware_code: 'c.fd', efi_firmware_vars: 'v.fd', efi_drop_efivars: true }, { firmware: { code: 'c.fd', vars: 'v.fd' } }],
  [{ vtpm: true }, { tpm: true }],
  [{ vtpm: true, use_tpm1: true }, { tpm: '1.2' }],
  [{ use_tpm1: true }, {}],
  [
    { qemu_img_args: { create: ['-o', 'cluster_size=2M'], convert: '-o,lazy_refcounts=on' } },
    { imgArgs: { create: ['-o', 'cluster_size=2M'], convert: ['-o', 'lazy_refcounts=on'] } },
  ],
  [{ qemu_img_args: { resize: ['--shrink'] } }, {}],
  [
    { disk_image: true, qemu_img_args: { resize: ['--shrink'] } },
    { iso: undefined, disk: plain.iso, imgArgs: { resize: ['--shrink'] } },
  ],
  [{ skip_nat_mapping: true, ssh_host: '192.0.2.1', ssh_port: 2022 }, { ssh: { ...plain.ssh, port: 2022, host: '192.0.2.1' } }],
  [{ skip_nat_mapping: true }, { ssh: { ...plain.ssh, host: '127.0.0.1' } }],
  [{ ssh_host: 'localhost' }, {}],
  [{ format: 'raw' }, { result: { format: 'raw', path: plain.result.path } }],
  [{ disk_compression: true }, { result: { ...plain.result, compress: true } }],
  [
    { output_directory: 'out/{{build_name}}', vm_name: 'cow-{{user `size`}}.qcow2' },
    { result: { format: 'qcow2', path: 'out/qemu/cow-64.qcow2' } },
  ],
  [{ boot_wait: '5s', boot_key_interval: '20ms' }, { boot: { wait: '5s', keyInterval: '20ms' } }],
  [{ boot_wait: '-1s' }, { boot: { wait: '0s' } }],
  [
    { boot_command: ['<esc>', '{{.Name}}<enter>'], vm_name: 'cow' },
    { boot: { command: ['<esc>', 'cow<enter>'] }, result: expect.anything() },
  ],
  [{ http_directory: 'http', http_port_min: 8100 }, { http: { directory: 'http', ports: [8100, 9000] } }],
  [{ http_content: { '/a.cfg': 'a' } }, { http: { content: { 'a.cfg': 'a' } } }],
  [{ floppy_files: ['a.cfg'], floppy_dirs: ['drivers'] }, { floppy: { files: ['a.cfg', 'drivers'], label: 'packer' } }],
  [{ floppy_files: ['drivers/*.inf'] }, { floppy: { files: ['drivers/*.inf'], label: 'packer' } }],
  [{ cd_content: { 'meta-data': '' }, cd_label: 'cidata' }, { cd: { content: { 'meta-data': '' }, label: 'cidata' } }],
  [{ shutdown_command: 'poweroff', shutdown_timeout: '1m' }, { shutdown: { command: 'poweroff', timeout: '1m' } }],
  [
    { communicator: 'none', ssh_username: undefined, ssh_password: undefined },
    { communicator: 'none', ssh: undefined },
  ],
  [{ vnc_bind_address: '0.0.0.0', vnc_port_min: 5901, vnc_port_max: 5901 }, { vnc: { bind: '0.0.0.0', port: 5901 } }],
  [{ qemu_binary: 'qemu-system-aarch64' }, { arch: 'aarch64' }],
  [{ qemu_binary: '/opt/qemu/qemu-kvm' }, { programs: { system: '/opt/qemu/qemu-kvm' } }],
  [
    { cpus: 8, sockets: 2, cores: 2, threads: '{{user `two`}}' },
    { cpus: 8, topology: { sockets: 2, cores: 2, threads: 2 } },
  ],
  [{ cores: 4 }, { cpus: undefined, topology: { cores: 4 } }],
  [{ vga: 'qxl' }, { vga: 'qxl' }],
  [{ firmware: '/usr/share/ovmf/OVMF.fd' }, { firmware: { bios: '/usr/share/ovmf/OVMF.fd' } }],
  [{ net_bridge: 'br0' }, { extraNics: [{ bridge: 'br0' }] }],
  [
    { net_bridge: 'br0', net_device: 'e1000' },
    { nic: { model: 'e1000' }, extraNics: [{ bridge: 'br0', model: 'e1000' }] },
  ],
  [
    { qmp_enable: true, qmp_socket_path: '/tmp/qmp', qemuargs: [['-usb']] },
    { qemuArgs: ['-qmp', 'unix:/tmp/qmp,server=on,wait=off', '-usb'] },
  ],
  [{ qmp_socket_path: '/tmp/qmp' }, {}],
  [
    { disk_image: true, use_backing_file: true },
    { iso: undefined, disk: plain.iso },
  ],
  [{ http_bind_address: '0.0.0.0', http_directory: 'http' }, { http: { directory: 'http' } }],
  [
    {
      boot_steps: [
        ['<esc><wait>', 'Go to the prompt'],
        ['{{.Name}}<enter>', 'Name it'],
      ],
      vm_name: 'cow',
    },
    { boot: { command: ['<esc><wait>', 'cow<enter>'] }, result: expect.anything() },
  ],
])('%j', async ([options, expected]) => {
  const given = Object.fromEntries(Object.entries({ ...base, ...options }).filter(([, value]) => value !== undefined))
  const wanted = Object.fromEntries(Object.entries({ ...plain, ...expected }).filter(([, value]) => value !== undefined))
  expect(await builderOptions(given, { variables: { size: '64', yes: 'true', two: '2' } })).toEqual(wanted)
})

describe('arguments for QEMU', () => {
  test.for<[args: readonly (readonly string[])[], expected: object]>([
    [[['-m', '1024M']], { memory: '1024m' }],
    [
      [
        ['-m', '2048'],
        ['-smp', '4'],
      ],
      { memory: '2048m', cpus: 4 },
    ],
    [[['-smp', 'cpus=4']], { cpus: 4 }],
    [[['-smp', 'cpus=4,cores=2']], { cpus: 4, topology: { cores: 2 } }],
    [[['-smp', '4,sockets=2']], { cpus: 4, topology: { sockets: 2 } }],
    [[['-smp', '4,sockets=1,cores=2,threads=2']], { cpus: 4, topology: { sockets: 1, cores: 2, threads: 2 } }],
    [[['-smp', '2,cores=2,maxcpus=4']], { cpus: 2, qemuArgs: ['-smp', '2,cores=2,maxcpus=4'] }],
    [[['-smp', '2,sockets=2,cores=2']], { cpus: 2, qemuArgs: ['-smp', '2,sockets=2,cores=2'] }],
    [[['-vga', 'qxl']], { vga: 'qxl' }],
    [[['-cpu', 'host,-avx2']], { cpuModel: 'host,-avx2' }],
    [[['-machine', 'type=q35,accel=kvm:tcg']], { machineType: 'q35', accelerator: 'kvm' }],
    [[['-machine', 'accel=tcg']], { accelerator: 'tcg' }],
    [[['-machine', 'pc-i440fx-7.2']], { machineType: 'pc-i440fx-7.2' }],
    [[['-enable-kvm']], { accelerator: 'kvm' }],
    [[['-display', 'none']], { headless: true }],
    [[['-display', 'gtk']], { headless: false }],
    [
      [
        ['-netdev', 'user,id=user.0,hostfwd=tcp::{{ .SSHHostPort }}-:22'],
        ['-device', 'virtio-net,netdev=user.0,mac=52:54:00:12:34:56'],
      ],
      { nic: { model: 'virtio-net', mac: '52:54:00:12:34:56' } },
    ],
    [
      [
        ['-drive', 'file=output-qemu/{{.Name}},if=virtio,format=qcow2'],
        ['-drive', 'file=virtio-win.iso,media=cdrom,index=3'],
        ['-drive', 'file={{.OutputDir}}/second.img,if=virtio'],
      ],
      {
        extraCds: [{ url: 'virtio-win.iso', checksum: 'none' }],
        qemuArgs: ['-drive', 'file=output-qemu/second.img,if=virtio'],
      },
    ],
    [[['-usb'], ['-device', 'usb-tablet']], { qemuArgs: ['-usb', '-device', 'usb-tablet'] }],
  ])('%j', async ([qemuargs, expected]) => {
    expect(await builderOptions({ ...base, qemuargs })).toEqual({ ...plain, ...expected })
  })
})

test('the address of the server is known while the build runs', async () => {
  const options = await builderOptions({
    ...base,
    http_directory: '.',
    boot_command: ['ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ks.cfg ', 'host={{.HTTPIP}} port={{.HTTPPort}}<enter>'],
  })
  const command = (options as { boot: { command: (facts: Facts) => readonly string[] } }).boot.command // it depends on facts
  const facts: Facts = { buildName: 'qemu', builderType: 'qemu', runId: 'r', image: 'i', httpUrl: 'http://10.0.2.2:8123/s3cr3t' }
  expect(command(facts)).toEqual(['ks=http://10.0.2.2:8123/s3cr3t/ks.cfg ', 'host=10.0.2.2 port=8123<enter>'])
})

test.for<[options: object, message: string]>([
  [{ communicator: 'telnet' }, "there is no counterpart of 'communicator' of 'qemu' yet"],
  [{ firmware: 'OVMF_CODE.fd' }, "there is no counterpart of 'firmware' of 'qemu' yet (write efi_boot: true, or efi_firmware_code"],
  [{ firmware: 'OVMF.fd', use_pflash: true }, "there is no counterpart of 'firmware' of 'qemu' yet"],
  [{ qemu_img_args: { info: ['-U'] } }, "unknown option 'info' (known: create, convert, resize)"],
  [{ ssh_host: '192.0.2.1' }, "there is no counterpart of 'ssh_host' of 'qemu' yet (with skip_nat_mapping"],
  [{ boot_command: ['a'], boot_steps: [['a']] }, "'boot_command' and 'boot_steps' exclude each other"],
  [{ boot_steps: ['a'] }, 'builders[0].boot_steps: must be a list of lists: a command, and what it is for'],
  [{ format: 'vhd' }, "there is no format 'vhd' (known: 'qcow2', 'raw')"],
  [{ disk_size: 'large' }, "must be a size such as '40G', not 'large'"],
  [{ iso_checksum: 'abc' }, "'abc' is no checksum (write 'sha256:' and 64 hex digits)"],
  [{ iso_urls: ['b.iso'] }, "one of 'iso_url' and 'iso_urls' is needed"],
  [{ qemuargs: [['-m', '{{.SSHHostPort}}']] }, '.SSHHostPort is known only while the build runs'],
])('%j is refused', async ([options, message]) => {
  await expect(load({ builders: [{ ...base, ...options }] })).rejects.toThrow(message)
})

test('what is different here is told', async () => {
  const { warnings } = await load({
    builders: [{ ...base, net_bridge: 'br0', disk_image: true, use_backing_file: true, qemuargs: [['-vga', 'x']] }],
  })
  expect(warnings.map(({ path, message }) => `${String(path.at(-1))}: ${message}`)).toEqual([
    'net_bridge: this card is the second: the first one is in a network of its own, through which the build reaches the machine',
    'use_backing_file: the disk that is made holds all of it, and needs no other file',
    '1: the machine has a standard VGA card; this is left out',
  ])
})
