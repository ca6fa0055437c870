import type { ComponentKind } from '../fix/draft.ts'
import type { ComponentTable } from '../mapping/table.ts'

/** Loads the table of a component. */
type Load = () => Promise<ComponentTable>

/** Components of Packer that have a counterpart, by their types. A new one is a table in a file of its own, and a line here. */
const tables: Readonly<Record<ComponentKind, Readonly<Record<string, Load>>>> = {
  builder: {
    'amazon-ebs': async () => (await import('./amazon/ebs.ts')).amazonEbsTable,
    'amazon-ebssurrogate': async () => (await import('./amazon/surrogate.ts')).ebsSurrogateTable,
    'amazon-ebsvolume': async () => (await import('./amazon/volume.ts')).ebsVolumeTable,
    docker: async () => (await import('./docker.ts')).dockerTable,
    file: async () => (await import('./file-builder-table.ts')).fileBuilderTable,
    null: async () => (await import('./null.ts')).nullTable,
    qemu: async () => (await import('./qemu.ts')).qemuTable,
    'virtualbox-iso': async () => (await import('./virtualbox/iso.ts')).virtualboxIsoTable,
    'virtualbox-ovf': async () => (await import('./virtualbox/ovf.ts')).virtualboxOvfTable,
    'virtualbox-vm': async () => (await import('./virtualbox/vm.ts')).virtualboxVmTable,
  },
  provisioner: {
    ansible: async () => (await import('./ansible.ts')).ansibleTable,
    'ansible-local': async () => (await import('./ansible-local.ts')).ansibleLocalTable,
    'chef-client': async () => (await import('./chef.ts')).chefClientTable,
    'chef-solo': async () => (await import('./chef.ts')).chefSoloTable,
    file: async () => (await import('./file.ts')).fileTable,
    powershell: async () => (await import('./powershell.ts')).powershellTable,
    'puppet-masterless': async () => (await import('./puppet.ts')).puppetMasterlessTable,
    'puppet-server': async () => (await import('./puppet.ts')).puppetServerTable,
    'salt-masterless': async () => (await import('./salt.ts')).saltMasterlessTable,
    shell: async () => (await import('./shell.ts')).shellTable,
    'shell-local': async () => (await import('./shell-local.ts')).shellLocalTable,
    'windows-restart': async () => (await import('./windows-restart.ts')).windowsRestartTable,
    'windows-shell': async () => (await import('./windows-shell.ts')).windowsShellTable,
  },
  'post-processor': {
    'amazon-import': async () => (await import('./amazon/import.ts')).amazonImportTable,
    artifice: async () => (await import('./artifice.ts')).artificeTable,
    checksum: async () => (await import('./checksum.ts')).checksumTable,
    compress: async () => (await import('./compress.ts')).compressTable,
    'docker-import': async () => (await import('./docker-post-processors.ts')).dockerImportTable,
    'docker-push': async () => (await import('./docker-post-processors.ts')).dockerPushTable,
    'docker-save': async () => (await import('./docker-post-processors.ts')).dockerSaveTable,
    'docker-tag': async () => (await import('./docker-post-processors.ts')).dockerTagTable,
    manifest: async () => (await import('./manifest.ts')).manifestTable,
    'shell-local': async () => (await import('./shell-local.ts')).shellLocalPostProcessorTable,
    vagrant: async () => (await import('./vagrant.ts')).vagrantTable,
  },
}

/** The types of components that have a counterpart. */
export function knownTypes(kind: ComponentKind): readonly string[] {
  return Object.keys(tables[kind])
}

/** The table of a component; `undefined` when there is no counterpart yet. */
export async function findTable(kind: ComponentKind, type: string): Promise<ComponentTable | undefined> {
  const load = Object.hasOwn(tables[kind], type) ? tables[kind][type] : undefined
  return load?.()
}
