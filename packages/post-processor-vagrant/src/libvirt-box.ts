import { fileEntry } from '@imago/archive'
import type { Artifact } from '@imago/core'

import type { BoxContent } from './box-content.ts'
import { architectureOf, namedPath, withFiles } from './box-content.ts'
import { virtualSize } from './qcow2.ts'

const gibibyte = 2 ** 30

/**
 * A box for libvirt: disks in qcow2. The first one is `box.img`, which every version of vagrant-libvirt takes; further ones need 0.7.
 * See https://vagrant-libvirt.github.io/vagrant-libvirt/boxes.html
 * @throws ImagoError `INPUT_MISSING`, `UNSUPPORTED` when a file is no disk that stands on its own
 */
export async function libvirtBox(input: Artifact): Promise<BoxContent> {
  const besides = [namedPath(input, 'rootfs'), namedPath(input, 'nvram')]
  const disks = withFiles(input).files.filter(({ path }) => !besides.includes(path))
  const sizes = await Promise.all(disks.map(({ path }) => virtualSize(path)))
  const entries = await Promise.all(disks.map(({ path }, index) => fileEntry(path, diskName(index))))
  const architecture = architectureOf(Reflect.get(input, 'arch'))
  return {
    architecture,
    metadata: {
      format: 'qcow2',
      virtual_size: Math.ceil((sizes[0] ?? 0) / gibibyte),
      ...(entries.length > 1 && { disks: entries.map(({ name }) => ({ path: name })) }),
    },
    vagrantfile: [
      'config.vm.provider :libvirt do |libvirt|',
      "  libvirt.driver = 'kvm'",
      ...(architecture === 'arm64' ? ["  libvirt.machine_arch = 'aarch64'", "  libvirt.machine_type = 'virt'"] : []),
      'end',
    ],
    entries,
  }
}

function diskName(index: number): string {
  return index === 0 ? 'box.img' : `box_${index}.img`
}
