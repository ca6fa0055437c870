import type { Artifact, ArtifactFile, FilesArtifact } from '@imago/core'
import type { RootfsOptions } from '@imago/hypervisor'

/** The machine becomes an appliance that VirtualBox, VMware and others import. */
export interface ApplianceResult {
  /** `'ova'` is one file; `'ovf'` is a description, with its disks and a manifest of digests beside it. Packer: `format`, whose default is ovf. */
  readonly format: 'ova' | 'ovf'
  /**
   * The file, relative to the definition; the manifest of an OVF is named after it, its disks after the run's machine. What is there is replaced when all of the new is
   * whole. Packer: `output_directory`, `output_filename`.
   */
  readonly path: string
  /** Added to `VBoxManage export`: `['--vsys', '0', '--vendor', 'Cow Inc.']`. Packer: `export_opts`. @default none */
  readonly exportOptions?: readonly string[]
  /** Also make a tar archive of the machine's file system; `true` names it as the appliance, with `.tar` as its ending. @default none */
  readonly rootfs?: true | RootfsOptions
}

/** Nothing is written: the machine stays in VirtualBox. Packer: `skip_export` with `keep_registered`. */
export interface RegisteredResult {
  readonly format: 'registered'
}

/** Only the machine's file system is kept. */
export interface RootfsResult extends RootfsOptions {
  readonly format: 'rootfs'
}

/** Nothing is kept: for trying things out. Packer: `skip_export`. */
export interface NoResult {
  readonly format: 'none'
}

interface Results {
  readonly ova: ApplianceResult
  readonly ovf: ApplianceResult
  readonly registered: RegisteredResult
  readonly rootfs: RootfsResult
  readonly none: NoResult
}

/** What becomes of the machine: an appliance, a machine of VirtualBox, an archive of its file system, or nothing. */
export type ResultFormat = keyof Results

/** What becomes of the machine. */
export type VirtualBoxResult<F extends ResultFormat = ResultFormat> = { readonly format: F } & Results[F]

/** A machine that is registered with VirtualBox. */
export interface KeptMachine {
  readonly name: string
  readonly uuid: string
}

/** An appliance of a machine that was built in VirtualBox. */
export interface VirtualBoxApplianceArtifact extends FilesArtifact {
  readonly type: 'virtualbox-appliance'
  /** `sha256:…` of the OVA, or of the description. */
  readonly id: string
  /** The OVA; or the description, the disks and the manifest. Then the archive of the file system, where it was asked for. */
  readonly files: readonly ArtifactFile[]
  readonly format: 'ova' | 'ovf'
  /** VirtualBox's name of the guest's system: `Debian_64`. */
  readonly guestOsType: string
  /** The machine, where it stays registered. */
  readonly machine?: KeptMachine
  /** The archive of the file system; one of `files`. `dockerImport` takes it. */
  readonly rootfs?: ArtifactFile
  /** What the archive of the file system is for: `linux/amd64`. */
  readonly platform?: string
}

/** A machine that stays in VirtualBox. */
export interface VirtualBoxMachineArtifact extends Artifact {
  readonly type: 'virtualbox-machine'
  /** Its UUID. */
  readonly id: string
  readonly machine: KeptMachine
}

/** The file system of a machine that was built in VirtualBox, as a tar archive. */
export interface VirtualBoxRootfsArtifact extends FilesArtifact {
  readonly type: 'virtualbox-rootfs'
  readonly files: readonly [ArtifactFile]
  /** `linux/amd64` */
  readonly platform: string
}

/** Nothing, of a build that keeps nothing. Its id is the machine's name, which is gone. */
export interface VirtualBoxNoArtifact extends Artifact {
  readonly type: 'discarded'
}

/** The artifact that a result of a format is. */
export type VirtualBoxArtifact<F extends ResultFormat = ResultFormat> = F extends 'rootfs'
  ? VirtualBoxRootfsArtifact
  : F extends 'none'
    ? VirtualBoxNoArtifact
    : F extends 'registered'
      ? VirtualBoxMachineArtifact
      : VirtualBoxApplianceArtifact
