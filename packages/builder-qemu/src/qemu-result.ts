import type { Artifact, ArtifactFile, FilesArtifact } from '@imago/core'
import type { RootfsOptions } from '@imago/hypervisor'

/** What every result that is a disk takes. */
interface DiskResultBase {
  /** The file, relative to the definition. What is there is replaced when the new one is whole. Further disks get `-1`, `-2`, … before the ending. */
  readonly path: string
  /** Keep the variables of the UEFI firmware in this file, relative to the definition. @default they are dropped */
  readonly nvram?: string
  /** Also make a tar archive of the machine's file system; `true` names it as the disk, with `.tar` as its ending. @default none */
  readonly rootfs?: true | RootfsOptions
}

/** A disk image in QEMU's own format. */
export interface Qcow2Result extends DiskResultBase {
  readonly format: 'qcow2'
  /** `true` means `zlib`, which every QEMU reads; `zstd` is several times faster, and needs QEMU 5.1. @default false */
  readonly compress?: boolean | 'zlib' | 'zstd'
}

/** The bytes of the disk as they are. */
export interface RawResult extends DiskResultBase {
  readonly format: 'raw'
  /** Whether zeros take up no room, where the file system can do without. @default true */
  readonly sparse?: boolean
}

/** A disk image for VMware. */
export interface VmdkResult extends DiskResultBase {
  readonly format: 'vmdk'
  /** Compressed and for streams (`streamOptimized`), as OVA archives hold it. @default false */
  readonly compress?: boolean
}

/** A disk image for VirtualBox or Hyper-V. */
export interface PlainResult extends DiskResultBase {
  readonly format: 'vdi' | 'vhdx'
}

/** The machine's disks become disk images on this machine. */
export type DiskResult = Qcow2Result | RawResult | VmdkResult | PlainResult

/** Only the machine's file system is kept. */
export interface RootfsResult extends RootfsOptions {
  readonly format: 'rootfs'
}

/** Nothing is kept: for trying things out. */
export interface NoResult {
  readonly format: 'none'
}

/** The results, by their formats. */
interface Results {
  readonly qcow2: Qcow2Result
  readonly raw: RawResult
  readonly vmdk: VmdkResult
  readonly vdi: PlainResult
  readonly vhdx: PlainResult
  readonly rootfs: RootfsResult
  readonly none: NoResult
}

/** What becomes of the machine: a disk image, an archive of its file system, or nothing. */
export type ResultFormat = keyof Results

/** What becomes of the machine. */
export type QemuResult<F extends ResultFormat = ResultFormat> = { readonly format: F } & Results[F]

/** The formats of disk images. */
type DiskFormat = DiskResult['format']

/** Disk images of a machine that was built in QEMU. */
export interface QemuDiskArtifact<F extends DiskFormat = DiskFormat> extends FilesArtifact {
  readonly type: 'qemu-disk'
  /** `sha256:…` of the first disk. */
  readonly id: string
  /** The disks, the first one first; then the archive of the file system and the UEFI variables, where they were asked for. */
  readonly files: readonly ArtifactFile[]
  readonly format: F
  /** What a machine sees of the first disk, in bytes. */
  readonly virtualSize: number
  readonly arch: 'x86_64' | 'aarch64'
  /** The archive of the file system; one of `files`. `dockerImport` takes it. */
  readonly rootfs?: ArtifactFile
  /** What the archive of the file system is for: `linux/amd64`. */
  readonly platform?: string
  /** The variables of the UEFI firmware; one of `files`. */
  readonly nvram?: ArtifactFile
}

/** The file system of a machine that was built in QEMU, as a tar archive. */
export interface QemuRootfsArtifact extends FilesArtifact {
  readonly type: 'qemu-rootfs'
  readonly files: readonly [ArtifactFile]
  /** `linux/amd64` */
  readonly platform: string
}

/** Nothing, of a build that keeps nothing. Its id is the machine's name, which is gone. */
export interface QemuNoArtifact extends Artifact {
  readonly type: 'discarded'
}

/** The artifact that a result of a format is. */
export type QemuArtifact<F extends ResultFormat = ResultFormat> = F extends 'rootfs'
  ? QemuRootfsArtifact
  : F extends 'none'
    ? QemuNoArtifact
    : F extends DiskFormat
      ? QemuDiskArtifact<F>
      : never
