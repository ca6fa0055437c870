import { expect, test } from 'vitest'

import { jsonNodeAt, plainJson } from '../json/json-node.ts'
import { Reports } from '../reports.ts'
import { oneOfEach } from '../../test/fix-cases.ts'
import type { ComponentKind } from './draft.ts'
import { fixComponent, knownFixes } from './fix-component.ts'

const at = { file: 't.json', line: 1, column: 1 }

function fixed(
  kind: ComponentKind,
  options: Readonly<Record<string, never>> | object,
): { readonly options: unknown; readonly warnings: string[] } {
  const node = jsonNodeAt(at, JSON.parse(JSON.stringify(options)))
  if (node.kind !== 'object') throw new Error('no object')
  const reports = new Reports()
  const result = fixComponent(kind, node, { at, path: [] }, reports)
  return { options: plainJson(result), warnings: reports.warnings.map(({ message }) => message) }
}

test('every fix that Packer 1.6.6 knows is there', () => {
  expect(knownFixes().toSorted()).toEqual(
    [
      'iso-md5',
      'createtime',
      'virtualbox-gaattach',
      'pp-vagrant-override',
      'virtualbox-rename',
      'vmware-rename',
      'parallels-headless',
      'parallels-deprecations',
      'sshkeypath',
      'sshdisableagent',
      'scaleway-access-key',
      'manifest-filename',
      'amazon-shutdown_behavior',
      'amazon-enhanced-networking',
      'amazon-private-ip',
      'amazon-temp-sec-cidrs',
      'docker-email',
      'docker-tag-tags',
      'powershell-escapes',
      'vmware-compaction',
      'hyperv-deprecations',
      'hyperv-vmxc-typo',
      'hyperv-cpu-and-ram',
      'clean-image-name',
      'spot-price-auto-product',
      'qemu-disk-size',
      'galaxy-command',
      'comm-config',
      'ssh-wait-timeout',
      'vsphere-iso-net-disk',
      'iso-checksum-type-and-url',
      'qemu-host-port',
      'azure-exclude_from_latest',
      'proxmox-type',
    ].toSorted(),
  )
})

const cases: readonly (readonly [name: string, kind: ComponentKind, before: object, after: object, warnings: readonly string[]])[] = [
  [
    'iso-md5',
    'builder',
    { type: 'x', iso_md5: 'abc' },
    { type: 'x', iso_checksum: 'md5:abc' },
    ["'iso_md5' is outdated: iso_checksum is 'md5:…' now"],
  ],
  [
    'iso_checksum_type',
    'builder',
    { type: 'x', iso_checksum: '{{user `a`}}', iso_checksum_type: 'sha256' },
    { type: 'x', iso_checksum: 'sha256:{{user `a`}}' },
    ["'iso_checksum_type' is outdated: it is part of 'iso_checksum' now, 'sha256:{{user `a`}}'"],
  ],
  [
    'iso_checksum_url',
    'builder',
    { type: 'x', iso_checksum: 'abc', iso_checksum_url: 'http://y', iso_checksum_type: 'sha1' },
    { type: 'x', iso_checksum: 'file:http://y' },
    [
      "'iso_checksum_type' is outdated: it is part of 'iso_checksum' now, 'file:http://y'",
      "'iso_checksum_url' is outdated: it is part of 'iso_checksum' now, 'file:http://y'",
    ],
  ],
  [
    'no checksum',
    'builder',
    { type: 'x', iso_checksum_type: 'none' },
    { type: 'x', iso_checksum: 'none' },
    ["'iso_checksum_type' is outdated: it is part of 'iso_checksum' now, 'none'"],
  ],
  [
    'a checksum that says itself what it is',
    'builder',
    { type: 'x', iso_checksum: 'md5:abc', iso_checksum_type: 'md5' },
    { type: 'x', iso_checksum: 'md5:abc' },
    ["'iso_checksum_type' is outdated: it is part of 'iso_checksum' now, 'md5:abc'"],
  ],
  [
    'createtime',
    'builder',
    { type: 'x', vm_name: 'a{{.CreateTime}}b{{ .CreateTime }}' },
    { type: 'x', vm_name: 'a{{timestamp}}b{{ timestamp }}' },
    ["'.CreateTime' is outdated: it is called {{timestamp}} now"],
  ],
  [
    'virtualbox',
    'builder',
    { type: 'virtualbox', guest_additions_attach: true },
    { type: 'virtualbox-iso', guest_additions_mode: 'attach' },
    [
      "'guest_additions_attach' is outdated: guest_additions_mode is 'attach' now",
      "'type' is outdated: the builder 'virtualbox' is called 'virtualbox-iso' now",
    ],
  ],
  [
    'azure',
    'builder',
    { type: 'azure-arm', shared_image_gallery_destination: { exlude_from_latest: true } },
    { type: 'azure-arm', shared_image_gallery_destination: { exclude_from_latest: true } },
    ["'exlude_from_latest' is outdated: it is called 'exclude_from_latest' now"],
  ],
  [
    'tags beside a tag',
    'post-processor',
    { type: 'docker-tag', tag: 'a,b', tags: 'c' },
    { type: 'docker-tag', tags: ['a', 'b', 'c'] },
    ["'tag' is outdated: it is a list now, 'tags'"],
  ],
  ['a tag of docker-import', 'post-processor', { type: 'docker-import', tag: 'a' }, { type: 'docker-import', tag: 'a' }, []],
  [
    'escapes of PowerShell, but not the back quotes of functions',
    'provisioner',
    { type: 'powershell', elevated_password: 'p`$w', environment_vars: ['A={{user `a`}}`"'] },
    { type: 'powershell', elevated_password: 'p$w', environment_vars: ['A={{user `a`}}"'] },
    [
      "'environment_vars' is outdated: special characters stand there without ` now",
      "'elevated_password' is outdated: special characters stand there without ` now",
    ],
  ],
  [
    'a new name that is there already',
    'builder',
    { type: 'x', ssh_wait_timeout: '1m', ssh_timeout: '2m' },
    { type: 'x', ssh_timeout: '2m' },
    ["'ssh_wait_timeout' is outdated: it is called 'ssh_timeout' now"],
  ],
]

test.for(cases)('%s', ([, kind, before, after, warnings]) => {
  expect(fixed(kind, before)).toEqual({ options: after, warnings })
})

test('there is a test of each fix', () => {
  expect(oneOfEach.map(([name]) => name).toSorted()).toEqual(knownFixes().toSorted())
})

test.for(oneOfEach)('%s', ([, kind, before, after, warnings]) => {
  expect(fixed(kind, before)).toEqual({ options: after, warnings })
})
