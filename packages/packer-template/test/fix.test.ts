import type { Json, JsonObject } from '@imago/core'
import { expect, test } from 'vitest'

import type { ComponentKind } from '../src/fix/draft.ts'
import { fixComponent } from '../src/fix/fix-component.ts'
import { jsonNodeAt, plainJson } from '../src/json/json-node.ts'
import { Reports } from '../src/reports.ts'
import { folderWith, packer, withoutPacker } from './packer.ts'

/** Outdated spellings, without those that Packer 1.6.6 does not get right: `.CreateTime`, checksums without a type, `exlude_from_latest`. */
const builders = [
  {
    type: 'virtualbox',
    iso_md5: 'abc',
    guest_additions_attach: true,
    ssh_key_path: 'k',
    ssh_disable_agent: true,
    ssh_wait_timeout: '5m',
    ssh_host_port_min: 1,
    ssh_host_port_max: 2,
    ssh_skip_nat_mapping: true,
  },
  { type: 'vmware', disk_type_id: 'thin', iso_checksum: 'abcd', iso_checksum_type: 'sha256' },
  {
    type: 'vmware-iso',
    name: 'v2',
    disk_type_id: 'zeroedthick',
    remote_type: 'esx5',
    iso_checksum_url: 'http://x/SUMS',
    iso_checksum_type: 'sha1',
  },
  { type: 'vmware-iso', name: 'v3', iso_checksum: '{{user `a`}}', iso_checksum_type: '{{user `a`}}', headless: true },
  { type: 'vmware-iso', name: 'v4', iso_checksum: 'abc', iso_checksum_url: 'http://y', iso_checksum_type: 'sha512' },
  { type: 'vmware-iso', name: 'v5', iso_checksum: 'abc' },
  { type: 'parallels-iso', headless: true, parallels_tools_host_path: 'x', guest_os_distribution: 'ubuntu' },
  { type: 'parallels-pvm', headless: '{{user `a`}}' },
  { type: 'scaleway', api_access_key: 'k', access_key: 'k2' },
  {
    type: 'amazon-ebs',
    shutdown_behaviour: 'stop',
    enhanced_networking: true,
    ssh_private_ip: true,
    temporary_security_group_source_cidr: '1.2.3.4/5',
    spot_price_auto_product: 'x',
    ami_name: 'a{{isotime | clean_ami_name}}',
    tags: { n: '{{clean_image_name `x`}}' },
  },
  { type: 'amazon-ebs', name: 'a2', ssh_private_ip: false },
  { type: 'docker', login_email: 'x', image: 'a' },
  { type: 'hyperv-iso', vhd_temp_path: 'x', cpu: 2, ram_size: 512 },
  { type: 'hyperv-vmcx', clone_from_vmxc_path: 'x', cpu: '2', ram_size: '512' },
  { type: 'qemu', disk_size: 40000, ssh_host_port_min: 1, ssh_host_port_max: 2 },
  { type: 'qemu', name: 'q2', disk_size: '40G' },
  { type: 'vsphere-iso', network: 'n', network_card: 'vmxnet3', disk_size: 10, disk_thin_provisioned: true, disk_eagerly_scrub: true },
  { type: 'proxmox', ssh_wait_timeout: '1m', ssh_timeout: '2m' },
]
const provisioners = [
  { type: 'powershell', environment_vars: ['A=`$x', 'B=a``b`"c`\'d'], elevated_user: 'a`$b', elevated_password: 'p`$w', inline: ['`$x'] },
  { type: 'ansible-local', galaxycommand: 'g' },
  { type: 'ansible-local', galaxycommand: 'g', galaxy_command: 'h' },
]
const postProcessors = [
  { type: 'vagrant', aws: { output: 'x' }, virtualbox: { a: 1 }, vmware: { b: 2 } },
  { type: 'manifest', filename: 'm' },
  { type: 'docker-tag', tag: '1.0' },
  { type: 'docker-tag', tag: ['1.0', '2'] },
  { type: 'docker-tag', tag: '1.0', tags: '2.0' },
  { type: 'docker-push', login_email: 'x' },
  { type: 'docker-import', tag: 't' },
]

test(`outdated spellings become what 'packer fix' makes of them${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const template = { builders, provisioners, 'post-processors': postProcessors }
  const folder = await folderWith({ 'template.json': JSON.stringify(template) })
  const { stdout } = await packer(['fix', '-validate=false', 'template.json'], folder)
  const fixed: Readonly<Record<string, Json>> = JSON.parse(stdout)
  expect(builders.map((builder) => fix('builder', builder))).toEqual(fixed['builders'])
  expect(provisioners.map((provisioner) => fix('provisioner', provisioner))).toEqual(fixed['provisioners'])
  expect(postProcessors.map((postProcessor) => fix('post-processor', postProcessor))).toEqual(fixed['post-processors'])
})

function fix(kind: ComponentKind, component: object): Json {
  const at = { file: 'template.json', line: 1, column: 1 }
  const plain: JsonObject = JSON.parse(JSON.stringify(component))
  const node = jsonNodeAt(at, plain)
  if (node.kind !== 'object') throw new Error('no object')
  return plainJson(fixComponent(kind, node, { at, path: [] }, new Reports()))
}
