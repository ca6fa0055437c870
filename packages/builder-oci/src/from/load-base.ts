import { hostFiles } from './host-binaries.ts'
import type { HostBinariesSource } from './host-binaries.ts'
import type { Base, BaseContext } from './base.ts'
import type { DebootstrapSource } from './debootstrap.ts'
import { debootstrapBase } from './debootstrap.ts'
import { layerMaterial, ownLayer } from './install-layers.ts'
import { whyNotHere } from './needs-linux.ts'
import type { OciArchiveSource } from './oci-archive.ts'
import { ociArchiveBase } from './oci-archive.ts'
import type { RegistrySource } from './registry.ts'
import { registryBase } from './registry.ts'
import type { ScratchSource } from './scratch.ts'
import type { TarballSource } from './tarball.ts'
import { tarballBase } from './tarball.ts'

/** What an image can start from. */
export type OciSource = ScratchSource | HostBinariesSource | TarballSource | OciArchiveSource | RegistrySource | DebootstrapSource

/** Brings what the image starts from into the root. */
export async function loadBase(source: OciSource, context: BaseContext): Promise<Base> {
  const reason = whyNotHere(source.kind)
  if (reason !== undefined) throw reason
  switch (source.kind) {
    case 'host-binaries':
      return await hostBinariesBase(source, context)
    case 'tarball':
      return await tarballBase(source, context)
    case 'oci-archive':
      return await ociArchiveBase(source, context)
    case 'registry':
      return await registryBase(source, context)
    case 'debootstrap':
      return await debootstrapBase(source, context)
    case 'scratch':
      break
  }
  return { name: 'scratch', layers: [] }
}

async function hostBinariesBase({ commands }: HostBinariesSource, context: BaseContext): Promise<Base> {
  const { signal } = context.step
  await context.root.tree.install(await hostFiles(commands, signal), { signal })
  const name = `programs of this machine (${commands.join(', ')})`
  const layers = await ownLayer(context)
  return { name, layers, origin: `programs ${commands.join(' ')}`, material: layerMaterial(name, layers) }
}

/** What the image starts from, for people. */
export function sourceTitle(source: OciSource): string {
  switch (source.kind) {
    case 'host-binaries':
      return `programs of this machine: ${source.commands.join(', ')}`
    case 'tarball':
      return source.url ?? source.path
    case 'oci-archive':
      return typeof source.image === 'string' ? source.image : `${source.image.image.name}.${source.image.build}`
    case 'registry':
      return source.image
    case 'debootstrap':
      return `debootstrap ${source.suite}`
    case 'scratch':
      break
  }
  return 'nothing'
}
