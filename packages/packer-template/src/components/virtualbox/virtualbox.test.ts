import type { GuestAdditions, VmFacts } from '@imago/builder-virtualbox'
import { describe, expect, test } from 'vitest'

import { builderOptions, load } from '../../../test/load.ts'
import { convertTemplate } from '../../index.ts'

const access = { ssh_username: 'root', ssh_password: 'password' }
const iso = { type: 'virtualbox-iso', iso_url: 'https://cd.example/x.iso', iso_checksum: 'none', ...access }
const ovf = { type: 'virtualbox-ovf', source_path: 'base.ova', ...access }
const vm = { type: 'virtualbox-vm', vm_name: 'base', ...access }
const hex = '0'.repeat(64)

const common = {
  ssh: { user: 'root', password: 'password' },
  guestAdditions: { mode: 'upload' },
  versionFile: '.vbox_version',
}
const plain = {
  ...common,
  iso: { url: 'https://cd.example/x.iso', checksum: 'none' },
  diskSize: '40000m',
  guestOsType: 'Other',
  cpus: 1,
  memory: '512m',
  clock: 'local',
  diskInterface: 'ide',
  name: 'packer-virtualbox-iso',
  result: { format: 'ovf', path: 'output-virtualbox-iso/packer-virtualbox-iso.ovf' },
}
const plainOvf = {
  ...common,
  source: { url: 'base.ova', checksum: 'none' },
  name: 'packer-virtualbox-ovf',
  result: { format: 'ovf', path: 'output-virtualbox-ovf/packer-virtualbox-ovf.ovf' },
}
const plainVm = {
  ...common,
  vm: 'base',
  clone: 'in-place',
  result: { format: 'ovf', path: 'output-virtualbox-vm/base.ovf' },
}

test('what a template does not say is what it is in Packer', async () => {
  expect(await builderOptions(iso)).toEqual(plain)
  expect(await builderOptions(ovf)).toEqual(plainOvf)
  expect(await builderOptions(vm)).toEqual(plainVm)
})

function without(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

describe('virtualbox-iso', () => {
  test.for<[options: object, expected: object]>([
    [{ disk_size: 20_480 }, { diskSize: '20480m' }],
    [{ disk_size: '{{user `size`}}' }, { diskSize: '64m' }],
    [
      { disk_additional_size: [1024], bundle_iso: true },
      { extraDisks: [{ size: '1024m' }], bundleIso: true },
    ],
    [
      { cpus: 2, memory: '2048' },
      { cpus: 2, memory: '2048m' },
    ],
    [
      { guest_os_type: 'Debian_64', chipset: 'ich9', firmware: 'efi', nested_virt: true, rtc_time_base: 'UTC' },
      { guestOsType: 'Debian_64', chipset: 'ich9', firmware: 'efi', nestedVirtualization: true, clock: 'utc' },
    ],
    [
      { hard_drive_interface: 'pcie', nvme_port_count: 2, hard_drive_nonrotational: true, hard_drive_discard: true, iso_interface: 'sata' },
      { diskInterface: 'nvme', nvmePorts: 2, solidState: true, discard: true, cdInterface: 'sata' },
    ],
    [
      { hard_drive_interface: 'sata', sata_port_count: 4, nic_type: 'virtio', usb: true },
      { diskInterface: 'sata', sataPorts: 4, nic: 'virtio', usb: true },
    ],
    [{ sound: 'none', audio_controller: 'hda' }, {}],
    [{ sound: 'pulse' }, { audio: { driver: 'pulse', controller: 'ac97' } }],
    [
      { gfx_controller: 'vmsvga', gfx_vram_size: 32, gfx_accelerate_3d: true, gfx_efi_resolution: '1024x768' },
      { graphics: { controller: 'vmsvga', vram: 32, accelerate3d: true, efiResolution: '1024x768' } },
    ],
    [{ headless: '{{user `yes`}}' }, { headless: true }],
    [
      { vm_name: 'cow', output_directory: 'out', format: 'ova', export_opts: ['--manifest', '--vsys', '0'] },
      { name: 'cow', result: { format: 'ova', path: 'out/cow.ova', exportOptions: ['--manifest', '--vsys', '0'] } },
    ],
    [{ output_filename: 'cow' }, { result: { format: 'ovf', path: 'output-virtualbox-iso/cow.ovf' } }],
    [{ skip_export: true }, { result: { format: 'none' } }],
    [
      { skip_export: true, keep_registered: true },
      { result: { format: 'registered' }, keepRegistered: true },
    ],
    [{ vrdp_bind_address: '0.0.0.0', vrdp_port_min: 6000, vrdp_port_max: 6010 }, { vrdp: { bind: '0.0.0.0', ports: [6000, 6010] } }],
    [{ host_port_min: 3000 }, { ssh: { ...common.ssh, hostPorts: [3000, 4444] } }],
    [{ ssh_host_port_max: 3000 }, { ssh: { ...common.ssh, hostPorts: [2222, 3000] } }],
    [{ skip_nat_mapping: true, ssh_host: '192.0.2.1', ssh_port: 2022 }, { ssh: { ...common.ssh, port: 2022, host: '192.0.2.1' } }],
    [{ ssh_skip_nat_mapping: true }, { ssh: { ...common.ssh, host: '127.0.0.1' } }],
    [{ guest_additions_mode: 'disable' }, { guestAdditions: undefined }],
    [{ guest_additions_mode: 'attach', guest_additions_path: 'x.iso' }, { guestAdditions: { mode: 'attach' } }],
    [
      { guest_additions_path: '/tmp/x.iso', guest_additions_url: 'ga.iso', guest_additions_sha256: hex },
      { guestAdditions: { mode: 'upload', path: '/tmp/x.iso', iso: { url: 'ga.iso', checksum: `sha256:${hex}` } } },
    ],
    [{ guest_additions_url: '{{user `empty`}}' }, {}],
    [{ virtualbox_version_file: '' }, { versionFile: undefined }],
    [{ virtualbox_version_file: '.version' }, { versionFile: '.version' }],
    [
      { communicator: 'none', guest_additions_mode: 'disable', ssh_username: undefined, ssh_password: undefined },
      { communicator: 'none', ssh: undefined, guestAdditions: undefined, versionFile: undefined },
    ],
    [{ boot_command: ['<esc>{{.Name}}<enter>'], vm_name: 'cow' }, expectName()],
    [{ shutdown_command: 'poweroff', post_shutdown_delay: '1m', acpi_shutdown: true }, { shutdown: { command: 'poweroff' } }],
    [{ winrm_connect_timeout: '1m', winrm_retry_interval: '1s' }, {}],
  ])('%j', async ([options, expected]) => {
    const given = without({ ...iso, ...options })
    expect(await builderOptions(given, { variables: { size: '64', yes: 'true', empty: '' } })).toEqual(without({ ...plain, ...expected }))
  })

  function expectName(): object {
    return { boot: { command: ['<esc>cow<enter>'] }, name: 'cow', result: { format: 'ovf', path: 'output-virtualbox-iso/cow.ovf' } }
  }
})

test.for<[options: object, expected: object]>([
  [
    { ...ovf, checksum: hex, vm_name: 'cow' },
    {
      source: { url: 'base.ova', checksum: `sha256:${hex}` },
      name: 'cow',
      result: { format: 'ovf', path: 'output-virtualbox-ovf/cow.ovf' },
    },
  ],
  [{ ...ovf, import_flags: ['--vsys', '0'], import_opts: 'keepallmacs' }, { importOptions: ['--vsys', '0', '--options', 'keepallmacs'] }],
  [{ ...ovf, import_opts: 'keepallmacs', target_path: 'x' }, { importOptions: ['--options', 'keepallmacs'] }],
])('%j', async ([options, expected]) => {
  expect(await builderOptions(options)).toEqual({ ...plainOvf, ...expected })
})

test.for<[options: object, expected: object]>([
  [
    { attach_snapshot: 'a', target_snapshot: 'b', force_delete_snapshot: true },
    { snapshot: 'a', targetSnapshot: 'b', force: true },
  ],
  [{ keep_registered: true }, {}],
  [{ skip_export: true }, { result: { format: 'registered' } }],
])('%j', async ([options, expected]) => {
  expect(await builderOptions({ ...vm, ...options })).toEqual({ ...plainVm, ...expected })
})

describe('commands of VBoxManage', () => {
  const facts: VmFacts = {
    buildName: 'b',
    builderType: 'virtualbox-iso',
    runId: 'r',
    image: 'i',
    vm: 'imago-1',
    httpUrl: 'http://10.0.2.2:8123/s3cr3t',
  }
  const commandsOf = async (builder: object, option = 'vboxmanage'): Promise<unknown> => {
    const options = (await builderOptions(builder)) as Readonly<Record<string, unknown>> // an object, as all options
    const commands = options[option]
    return typeof commands === 'function' ? (commands as (facts: VmFacts) => unknown)(facts) : commands // it takes what the builder gives it
  }

  test('become functions of the facts', async () => {
    const vboxmanage = [
      ['modifyvm', '{{.Name}}', '--nictype1', 'virtio'],
      ['setextradata', '{{ .Name }}', 'url', '{{.Name}} http://{{.HTTPIP}}:{{.HTTPPort}}/x'],
      ['list', 'vms'],
    ]
    const expected = [
      ['modifyvm', 'imago-1', '--nictype1', 'virtio'],
      ['setextradata', 'imago-1', 'url', 'imago-1 http://10.0.2.2:8123/s3cr3t/x'],
      ['list', 'vms'],
    ]
    for (const builder of [iso, ovf, vm]) expect(await commandsOf({ ...builder, vboxmanage })).toEqual(expected)
    expect(await commandsOf({ ...iso, vboxmanage_post: vboxmanage }, 'vboxmanagePost')).toEqual(expected)
    expect(await commandsOf({ ...iso, vboxmanage: [['list', 'vms']] })).toEqual([['list', 'vms']])
    expect(await commandsOf({ ...iso, vboxmanage: 'list,registerimage' })).toEqual([['list'], ['registerimage']])
    expect(
      await commandsOf({ ...iso, keyboard: 'usb', mouse: 'usbtablet', usb_controller: ['ehci', 'xhci'], vboxmanage: [['list', 'vms']] }),
    ).toEqual([
      ['modifyvm', 'imago-1', '--keyboard', 'usb'],
      ['modifyvm', 'imago-1', '--mouse', 'usbtablet'],
      ['modifyvm', 'imago-1', '--usb-ehci', 'on'],
      ['modifyvm', 'imago-1', '--usb-xhci', 'on'],
      ['list', 'vms'],
    ])
  })

  test('memory and processors of a new machine are options', async () => {
    const vboxmanage = [
      ['modifyvm', '{{.Name}}', '--memory', '{{user `memory`}}'],
      ['modifyvm', '{{.Name}}', '--cpus', '4'],
    ]
    const options = await builderOptions({ ...iso, memory: 512, vboxmanage }, { variables: { memory: '2048' } })
    expect(options).toEqual({ ...plain, cpus: 4, memory: '2048m' })
    expect(await commandsOf({ ...ovf, vboxmanage: vboxmanage.slice(1) })).toEqual([['modifyvm', 'imago-1', '--cpus', '4']])
  })

  test('controllers of a new machine are called what they are called here', async () => {
    const vboxmanage = [
      ['storagectl', '{{.Name}}', '--name', 'IDE Controller', '--remove'],
      ['storageattach', '{{.Name}}', '--storagectl', 'SATA Controller', '--port', '3', '--medium', 'emptydrive'],
    ]
    expect(await commandsOf({ ...iso, vboxmanage })).toEqual([
      ['storageattach', 'imago-1', '--storagectl', 'SATA', '--port', '3', '--medium', 'emptydrive'],
    ])
    const { warnings } = await load({ builders: [{ ...iso, vboxmanage }] })
    expect(warnings.map(({ message }) => message)).toContain(
      'a machine has the IDE Controller only where something is connected to it; this is left out',
    )
    expect(await commandsOf({ ...ovf, vboxmanage: vboxmanage.slice(0, 1) })).toEqual([
      ['storagectl', 'imago-1', '--name', 'IDE Controller', '--remove'],
    ])
  })
})

test.for<[options: object, message: string]>([
  [{ ...iso, communicator: 'telnet' }, "there is no counterpart of 'communicator' of 'virtualbox-iso' yet"],
  [{ ...iso, disable_shutdown: true }, "there is no counterpart of 'disable_shutdown' of 'virtualbox-iso' yet"],
  [{ ...iso, ssh_host: '192.0.2.1' }, "there is no counterpart of 'ssh_host' of 'virtualbox-iso' yet (with skip_nat_mapping"],
  [{ ...iso, ssh_listen_address: '0.0.0.0' }, "there is no counterpart of 'ssh_listen_address' of 'virtualbox-iso' yet"],
  [{ ...iso, guest_additions_mode: 'install' }, "'install' is no mode of Guest Additions"],
  [{ ...iso, communicator: 'none' }, "cannot be done: communicator is 'none'"],
  [{ ...iso, format: 'vhd' }, "there is no format 'vhd' (known: 'ova', 'ovf')"],
  [{ ...iso, vboxmanage: { modifyvm: 'x' } }, 'must be a list of lists, not an object'],
  [{ ...iso, iso_url: undefined }, "one of 'iso_url' and 'iso_urls' is needed"],
  [{ ...ovf, source_path: undefined }, "'source_path' is missing"],
  [{ ...vm, vm_name: undefined }, "'vm_name' is missing"],
  [{ ...vm, keep_registered: false }, "there is no counterpart of 'keep_registered' of 'virtualbox-vm' yet"],
  [{ ...vm, cpus: 2 }, "unknown option 'cpus'"],
])('%j is refused', async ([builder, message]) => {
  await expect(load({ builders: [builder] })).rejects.toThrow(message)
})

test('the version in where the Guest Additions are loaded from is known while the build runs', async () => {
  const builder = { ...iso, guest_additions_url: 'https://{{user `mirror`}}/x_{{ .Version }}.iso', guest_additions_sha256: hex }
  const template = { variables: { mirror: 'a.example' } }
  const { guestAdditions } = (await builderOptions(builder, template)) as { readonly guestAdditions: GuestAdditions } // of this builder
  const facts = { buildName: 'vm', builderType: 'virtualbox-iso', runId: 'r', image: 'i', virtualBoxVersion: '7.0.20' }
  const { iso: image } = guestAdditions
  expect(typeof image === 'function' && image(facts)).toEqual({ url: 'https://a.example/x_7.0.20.iso', checksum: `sha256:${hex}` })
  const text = JSON.stringify({ ...template, builders: [builder] })
  const { code } = await convertTemplate({ path: 'template.json', text }, { directory: '/work' })
  expect(code).toMatch(
    /iso: \(facts\) => \(\{\s+url: `https:\/\/\$\{p\.mirror\}\/x_\$\{facts\.virtualBoxVersion\}\.iso`,\s+checksum:\s+'sha256:/,
  )
})

test('the version in the path of the Guest Additions is known while the build runs', async () => {
  const options = await builderOptions({ ...iso, guest_additions_path: 'VBoxGuestAdditions_{{ .Version }}.iso' })
  const { path } = (options as { readonly guestAdditions: { readonly path: (facts: VmFacts) => string } }).guestAdditions // it depends on facts
  const facts: VmFacts = { buildName: 'vm', builderType: 'virtualbox-iso', runId: 'r', image: 'i', vm: 'vm', virtualBoxVersion: '7.0.20' }
  expect(path(facts)).toBe('VBoxGuestAdditions_7.0.20.iso')
})
