import { jsonNodeAt } from '../json/json-node.ts'
import { isoChecksumFixes } from './checksum-fixes.ts'
import type { Draft } from './draft.ts'
import type { Fix } from './fix.ts'
import { removed, renamed, renamedType, saysYes } from './fix.ts'

const amazon = /^amazon-/
const hyperv = /^hyperv-/
const parallels = /^parallels-/

/** Outdated spellings of builders. Options come before types: some are known by the old type only. */
export const builderFixes: readonly Fix[] = [
  { name: 'createtime', kind: 'builder', apply: fixCreateTime },
  { name: 'virtualbox-gaattach', kind: 'builder', types: /^virtualbox/, apply: fixGuestAdditions },
  renamedType('virtualbox-rename', 'virtualbox', 'virtualbox-iso'),
  renamedType('vmware-rename', 'vmware', 'vmware-iso'),
  removed({ name: 'parallels-headless', types: parallels }, 'headless'),
  removed({ name: 'parallels-deprecations', types: parallels }, 'parallels_tools_host_path'),
  renamed({ name: 'parallels-deprecations', types: parallels }, 'guest_os_distribution', 'guest_os_type'),
  renamed({ name: 'sshkeypath' }, 'ssh_key_path', 'ssh_private_key_file'),
  renamed({ name: 'sshdisableagent' }, 'ssh_disable_agent', 'ssh_disable_agent_forwarding'),
  renamed({ name: 'scaleway-access-key', types: /^scaleway$/ }, 'access_key', 'organization_id'),
  renamed({ name: 'amazon-shutdown_behavior', types: amazon }, 'shutdown_behaviour', 'shutdown_behavior'),
  { name: 'amazon-enhanced-networking', kind: 'builder', types: amazon, apply: fixEnhancedNetworking },
  { name: 'amazon-private-ip', kind: 'builder', types: amazon, apply: fixPrivateIp },
  { name: 'amazon-temp-sec-cidrs', kind: 'builder', types: amazon, apply: fixSourceCidr },
  removed({ name: 'docker-email', types: /^docker$/ }, 'login_email'),
  { name: 'vmware-compaction', kind: 'builder', types: /^vmware-iso$/, apply: fixCompaction },
  removed({ name: 'hyperv-deprecations', types: /^hyperv-iso$/ }, 'vhd_temp_path'),
  renamed({ name: 'hyperv-vmxc-typo', types: /^hyperv-vmcx$/ }, 'clone_from_vmxc_path', 'clone_from_vmcx_path'),
  renamed({ name: 'hyperv-cpu-and-ram', types: hyperv }, 'cpu', 'cpus'),
  renamed({ name: 'hyperv-cpu-and-ram', types: hyperv }, 'ram_size', 'memory'),
  { name: 'clean-image-name', kind: 'builder', apply: fixCleanNames },
  removed({ name: 'spot-price-auto-product', types: amazon }, 'spot_price_auto_product'),
  { name: 'qemu-disk-size', kind: 'builder', types: /^qemu$/, apply: fixDiskSize },
  renamed({ name: 'qemu-host-port', types: /^qemu$/ }, 'ssh_host_port_min', 'host_port_min'),
  renamed({ name: 'qemu-host-port', types: /^qemu$/ }, 'ssh_host_port_max', 'host_port_max'),
  renamed({ name: 'comm-config' }, 'ssh_host_port_min', 'host_port_min'),
  renamed({ name: 'comm-config' }, 'ssh_host_port_max', 'host_port_max'),
  renamed({ name: 'comm-config' }, 'ssh_skip_nat_mapping', 'skip_nat_mapping'),
  renamed({ name: 'ssh-wait-timeout' }, 'ssh_wait_timeout', 'ssh_timeout'),
  { name: 'vsphere-iso-net-disk', kind: 'builder', types: /^vsphere-iso$/, apply: fixNetworkAndDisk },
  ...isoChecksumFixes,
  { name: 'azure-exclude_from_latest', kind: 'builder', types: /^azure-/, apply: fixExcludeFromLatest },
  renamedType('proxmox-type', 'proxmox', 'proxmox-iso'),
]

const createTime = /\{\{(-?\s*)\.CreateTime(\s*-?)\}\}/g

function fixCreateTime(draft: Draft): void {
  let found = false
  draft.replaceTexts((text) =>
    text.replaceAll(createTime, (_whole, before: string, after: string) => {
      found = true
      return `{{${before}timestamp${after}}}`
    }),
  )
  if (found) draft.warn('.CreateTime', 'it is called {{timestamp}} now')
}

function fixGuestAdditions(draft: Draft): void {
  const attach = draft.get('guest_additions_attach')
  if (attach === undefined) return
  draft.warn('guest_additions_attach', "guest_additions_mode is 'attach' now")
  draft.remove('guest_additions_attach')
  if (saysYes(attach) && draft.get('guest_additions_mode') === undefined) draft.set('guest_additions_mode', jsonNodeAt(attach.at, 'attach'))
}

function fixEnhancedNetworking(draft: Draft): void {
  const value = draft.get('enhanced_networking')
  if (value === undefined) return
  draft.warn('enhanced_networking', "it is called 'ena_support' now")
  draft.remove('enhanced_networking')
  if (saysYes(value) && draft.get('ena_support') === undefined) draft.set('ena_support', jsonNodeAt(value.at, true))
}

function fixPrivateIp(draft: Draft): void {
  const value = draft.get('ssh_private_ip')
  if (value === undefined) return
  draft.warn('ssh_private_ip', "ssh_interface is 'private_ip' or 'public_ip' now")
  draft.remove('ssh_private_ip')
  if (draft.get('ssh_interface') === undefined) {
    draft.set('ssh_interface', jsonNodeAt(value.at, saysYes(value) ? 'private_ip' : 'public_ip'))
  }
}

function fixSourceCidr(draft: Draft): void {
  if (draft.get('temporary_security_group_source_cidr') === undefined) return
  draft.warn('temporary_security_group_source_cidr', "it is a list now, 'temporary_security_group_source_cidrs'")
  draft.rename('temporary_security_group_source_cidr', 'temporary_security_group_source_cidrs', (value) =>
    value.kind === 'array' ? value : { kind: 'array', at: value.at, items: [value] },
  )
}

/** Disks that VMware cannot compact. */
function fixCompaction(draft: Draft): void {
  const type = draft.text('disk_type_id')
  if (draft.get('remote_type') === undefined || type === undefined || !['zeroedthick', 'eagerzeroedthick'].includes(type)) return
  if (draft.get('skip_compaction') !== undefined) return
  draft.warn('disk_type_id', "such disks need 'skip_compaction: true' now")
  draft.set('skip_compaction', jsonNodeAt(draft.get('disk_type_id')?.at ?? { file: '', line: 1, column: 1 }, true))
}

function fixCleanNames(draft: Draft): void {
  const found = new Set<string>()
  draft.replaceTexts((text) =>
    text.replaceAll(/(?<=\{\{[^{}]*)\bclean_(?:ami|image)_name\b/g, (name) => {
      found.add(name)
      return 'clean_resource_name'
    }),
  )
  for (const name of found) draft.warn(name, "it is called 'clean_resource_name' now")
}

function fixDiskSize(draft: Draft): void {
  const size = draft.get('disk_size')
  if (size?.kind !== 'plain' || typeof size.value !== 'number') return
  const text = `${Math.trunc(size.value)}M`
  draft.warn('disk_size', `it has a unit now, '${text}'`)
  draft.set('disk_size', jsonNodeAt(size.at, text))
}

const adapterOptions = ['network', 'network_card'] as const
const storageOptions = ['disk_size', 'disk_thin_provisioned', 'disk_eagerly_scrub'] as const

function fixNetworkAndDisk(draft: Draft): void {
  gather(draft, adapterOptions, 'network_adapters')
  gather(draft, storageOptions, 'storage')
}

/** Options that have moved into the first object of a list. */
function gather(draft: Draft, options: readonly string[], into: string): void {
  const found = options.flatMap((option) => {
    const value = draft.get(option)
    return value === undefined ? [] : [{ option, value }]
  })
  const [first] = found
  if (first === undefined) return
  for (const { option } of found) {
    draft.warn(option, `it belongs into '${into}' now`)
    draft.remove(option)
  }
  const members = new Map(found.map(({ option, value }) => [option, { at: value.at, value }]))
  const list = draft.get(into)
  const items = list?.kind === 'array' ? list.items : []
  draft.set(into, { kind: 'array', at: first.value.at, items: [{ kind: 'object', at: first.value.at, members }, ...items] })
}

function fixExcludeFromLatest(draft: Draft): void {
  const destination = draft.get('shared_image_gallery_destination')
  if (destination?.kind === 'object') {
    const wrong = destination.members.get('exlude_from_latest')
    if (wrong !== undefined) {
      draft.warn('exlude_from_latest', "it is called 'exclude_from_latest' now")
      const rest = [...destination.members].filter(([name]) => name !== 'exlude_from_latest')
      const members = new Map([['exclude_from_latest', wrong] as const, ...rest])
      draft.set('shared_image_gallery_destination', { ...destination, members })
    }
  }
  if (draft.get('exlude_from_latest') === undefined) return
  draft.warn('exlude_from_latest', "it is called 'exclude_from_latest' now")
  draft.rename('exlude_from_latest', 'exclude_from_latest')
}
