import type { FilesArtifact } from '@imago/core'
import { artifactOf, defineImage } from '@imago/core'
import { expectTypeOf, test } from 'vitest'

import type { QemuDiskArtifact, QemuNoArtifact, QemuRootfsArtifact } from './qemu-result.ts'
import { qemu } from './qemu.ts'

const disk = { url: 'disk.qcow2', checksum: 'none' } as const
const vm = qemu({ disk, result: { format: 'qcow2', path: 'x', compress: 'zstd' } })
const rootfs = qemu({ diskSize: '4g', result: { format: 'rootfs', path: 'root.tar' } })
const nothing = qemu({ diskSize: '4g', result: { format: 'none' } })

test('the artifact follows from the result', () => {
  expectTypeOf(vm.build).returns.resolves.toEqualTypeOf<QemuDiskArtifact<'qcow2'>>()
  expectTypeOf(rootfs.build).returns.resolves.toEqualTypeOf<QemuRootfsArtifact>()
  expectTypeOf(nothing.build).returns.resolves.toEqualTypeOf<QemuNoArtifact>()
  expectTypeOf<QemuRootfsArtifact>().toExtend<FilesArtifact>()
  expectTypeOf<QemuDiskArtifact>().toExtend<FilesArtifact>()
  expectTypeOf<QemuNoArtifact>().not.toExtend<FilesArtifact>()
})

test('a build starts from an ISO image, a disk or an empty disk', () => {
  const image = defineImage({ name: 'cow', builders: { vm, rootfs } })
  qemu({ disk: artifactOf(image, 'vm'), result: { format: 'raw', path: 'y', sparse: false } })
  // error: is not assignable to type 'ArtifactReference<QemuDiskArtifact<
  qemu({ disk: artifactOf(image, 'rootfs'), result: { format: 'raw', path: 'y' } })
  // error: is not assignable to parameter of type 'QemuOptions<"none">'
  qemu({ iso: disk, result: { format: 'none' } })
  // error: is not assignable to parameter of type 'QemuOptions<"none">'
  qemu({ iso: disk, diskSize: '4g', disk, result: { format: 'none' } })
})

test('options are those of the format', () => {
  // error: 'compress' does not exist in type
  qemu({ disk, result: { format: 'raw', path: 'y', compress: true } })
  // error: is not assignable to type 'ByteSize'
  qemu({ disk, memory: '4gb', result: { format: 'none' } })
})
