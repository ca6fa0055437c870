import type { Artifact, ArtifactFile, DockerImageArtifact, FilesArtifact } from '@imago/core'

/** Whom a box is for, as Vagrant names it. */
export type Provider = 'virtualbox' | 'libvirt' | 'docker' | 'aws'

/** The names of all providers. */
export const providers: readonly Provider[] = ['virtualbox', 'libvirt', 'docker', 'aws']

/** A machine that VirtualBox exported. Made by `builder-virtualbox`. */
export interface ApplianceInput extends FilesArtifact {
  readonly type: 'virtualbox-appliance'
  readonly format: 'ova' | 'ovf'
}

/** Disk images that libvirt runs. Made by `builder-qemu`. */
export interface DiskInput extends FilesArtifact {
  readonly type: 'qemu-disk'
  readonly format: 'qcow2'
  readonly arch: 'x86_64' | 'aarch64'
  readonly rootfs?: ArtifactFile
  readonly nvram?: ArtifactFile
}

/** A root file system as a tar archive. Made by `builder-docker`, and by builders of virtual machines. */
export interface RootfsInput extends FilesArtifact {
  readonly type: 'docker-rootfs' | 'qemu-rootfs' | 'virtualbox-rootfs'
  /** `linux/amd64` */
  readonly platform: string
}

/** Images at AWS, by region. Made by `builder-amazon`. */
export interface AmiInput extends Artifact {
  readonly type: 'amazon-ami'
  readonly images: readonly { readonly region: string; readonly imageId: string }[]
}

/** What a box for a provider is made of: what our builders make for it, or any files of the provider's kind when it is named. */
export type BoxInput<P extends Provider | undefined = undefined> = P extends 'virtualbox'
  ? FilesArtifact & { readonly format?: 'ova' | 'ovf' }
  : P extends 'libvirt'
    ? FilesArtifact & { readonly format?: 'qcow2' }
    : P extends 'docker'
      ? DockerImageArtifact | RootfsInput
      : P extends 'aws'
        ? AmiInput
        : ApplianceInput | DiskInput | DockerImageArtifact | RootfsInput | AmiInput

/** The provider of each type of artifact. */
const providersOfTypes: Readonly<Record<BoxInput['type'], Provider>> = {
  'virtualbox-appliance': 'virtualbox',
  'qemu-disk': 'libvirt',
  'docker-image': 'docker',
  'docker-rootfs': 'docker',
  'qemu-rootfs': 'docker',
  'virtualbox-rootfs': 'docker',
  'amazon-ami': 'aws',
}

/** The types of artifacts that boxes for a provider are made of; of all when there is none. */
export function typesFor(provider: Provider | undefined): readonly string[] {
  const types = Object.entries(providersOfTypes)
  return types.flatMap(([type, each]) => (provider === undefined || each === provider ? [type] : []))
}

/** Whom an artifact of a type makes a box for; `undefined` when it does not say. */
export function providerOfType(type: string): Provider | undefined {
  return new Map<string, Provider>(Object.entries(providersOfTypes)).get(type)
}
