import type { FilesArtifact } from '@imago/core'
import { artifactOf, defineImage } from '@imago/core'
import { expectTypeOf, test } from 'vitest'

import { virtualboxIso } from './virtualbox-iso.ts'
import { virtualboxOvf } from './virtualbox-ovf.ts'
import type { VirtualBoxApplianceArtifact, VirtualBoxMachineArtifact, VirtualBoxRootfsArtifact } from './virtualbox-result.ts'
import { virtualboxVm } from './virtualbox-vm.ts'

const iso = { url: 'debian.iso', checksum: 'none' } as const
const appliance = virtualboxIso({ iso, diskSize: '4g', result: { format: 'ova', path: 'x.ova' } })
const kept = virtualboxVm({ vm: 'base', result: { format: 'registered' } })
const rootfs = virtualboxIso({ iso, diskSize: '4g', result: { format: 'rootfs', path: 'root.tar' } })

test('the artifact follows from the result', () => {
  expectTypeOf(appliance.build).returns.resolves.toEqualTypeOf<VirtualBoxApplianceArtifact>()
  expectTypeOf(kept.build).returns.resolves.toEqualTypeOf<VirtualBoxMachineArtifact>()
  expectTypeOf(rootfs.build).returns.resolves.toEqualTypeOf<VirtualBoxRootfsArtifact>()
  expectTypeOf<VirtualBoxApplianceArtifact>().toExtend<FilesArtifact>()
  expectTypeOf<VirtualBoxMachineArtifact>().not.toExtend<FilesArtifact>()
})

test('a build starts from an appliance that another build makes', () => {
  const image = defineImage({ name: 'cow', builders: { appliance, kept } })
  virtualboxOvf({ source: artifactOf(image, 'appliance'), result: { format: 'none' } })
  // error: is not assignable to type 'ArtifactReference<VirtualBoxApplianceArtifact>
  virtualboxOvf({ source: artifactOf(image, 'kept'), result: { format: 'none' } })
})

test('the name of the machine is known to commands', () => {
  virtualboxIso({ iso, diskSize: '4g', vboxmanage: ({ vm }) => [['modifyvm', vm, '--vram', '64']], result: { format: 'none' } })
  // error: is not assignable to type 'ByteSize'
  virtualboxIso({ iso, diskSize: '4 GB', result: { format: 'none' } })
})
