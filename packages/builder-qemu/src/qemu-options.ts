import type { SshAccess } from '@imago/communicator-ssh'
import type { ArtifactReference, FromFacts, Secret } from '@imago/core'
import type { ByteSize, MediaSource, VmOptions, WinrmGuestOptions } from '@imago/hypervisor'

import type { Accelerator } from './accelerator.ts'
import type { Arch, CpuTopology, DiskInterface, Vga } from './machine-spec.ts'
import type { QemuDiskArtifact, QemuResult, ResultFormat } from './qemu-result.ts'

/** Where a build starts: from the installer on an ISO image, from a disk image, or with an empty disk. */
export type QemuStart =
  | {
      /** The machine starts from this while its disk is empty. */
      readonly iso: MediaSource
      /** Size of the disk. */
      readonly diskSize: ByteSize
      readonly disk?: never
    }
  | {
      /** The disk begins as this image: in any format that QEMU reads. It is not changed, and not copied. */
      readonly disk: MediaSource | ArtifactReference<QemuDiskArtifact>
      /** The disk grows to this size; partitions and file systems are the guest's own business. @default that of the image */
      readonly diskSize?: ByteSize
      readonly iso?: never
    }
  | { readonly diskSize: ByteSize; readonly disk?: never; readonly iso?: never }

/** How to reach the guest over SSH. Without a key, a password and an agent, a key pair is made for the build. */
export interface QemuSshOptions extends SshAccess {
  /** The guest's port. @default 22 */
  readonly port?: number
  /**
   * The guest's own address, where this machine reaches it, as through a bridge of `extraNics`: no port leads to it then. Packer:
   * `ssh_host` with `skip_nat_mapping`. @default a port of this machine, which QEMU chooses, leads to it
   */
  readonly host?: string
}

/** A port of this machine that leads to one of the guest. */
export interface PortForward {
  readonly guest: number
  /** The port of this machine. */
  readonly host: number
  /** @default tcp */
  readonly protocol?: 'tcp' | 'udp'
  /** The address of this machine to listen on. @default 127.0.0.1 */
  readonly bind?: string
}

/** A network card at a bridge of this machine, beside the first one, which is in QEMU's own network. */
export interface BridgeNic {
  /** The bridge's name: `br0`. */
  readonly bridge: string
  /** QEMU's name of the device. @default virtio-net-pci */
  readonly model?: string
  readonly mac?: string
}

/** Firmware: that of a PC, UEFI, UEFI that starts only what is signed, or firmware in files of one's own. */
export type Firmware =
  | 'bios'
  | 'uefi'
  | 'uefi-secure'
  | {
      /** The firmware's code. */
      readonly code: string
      /** The template of its variables; it is copied. */
      readonly vars: string
      /** Only the firmware itself may write the variables. @default false */
      readonly secureBoot?: boolean
      readonly bios?: never
    }
  | {
      /** One file in the place of the PC's BIOS. What it keeps is gone with the machine. Packer: `firmware`. */
      readonly bios: string
      readonly code?: never
      readonly vars?: never
    }

/** Arguments of `qemu-img`, by its commands. */
export interface ImgArguments {
  /** When the disks are made, as qcow2: `['-o', 'cluster_size=2M']`. @default none */
  readonly create?: readonly string[]
  /** When the result is written, which then is never just moved to its place. @default none */
  readonly convert?: readonly string[]
  /** When `disk` gets `diskSize`; with `--shrink` it may be less than the image has. @default none */
  readonly resize?: readonly string[]
}

/** The machine itself. */
export interface MachineOptions {
  /** The processor's kind. @default x86_64 */
  readonly arch?: Arch
  /**
   * What runs the machine's instructions. `'auto'` takes KVM (or, on macOS, hvf) when it is found to run a guest, else QEMU's own
   * translator, `'tcg'`.
   * @default auto
   */
  readonly accelerator?: 'auto' | Accelerator
  /** @default 2, or what `topology` comes to */
  readonly cpus?: number
  /** Packer: `sockets`, `cores`, `threads`. @default QEMU's own */
  readonly topology?: CpuTopology
  /** @default '1g' */
  readonly memory?: ByteSize
  /** QEMU's name of the processor. @default 'host' with KVM and hvf, else 'max' */
  readonly cpuModel?: string
  /** QEMU's name of the machine. @default 'pc'; 'q35' with UEFI; 'virt' for aarch64 */
  readonly machineType?: string
  /** @default 'bios'; 'uefi' for aarch64 */
  readonly firmware?: Firmware
  /** Give the machine a TPM, 2.0 or the older one; needs swtpm. Packer: `vtpm`, `use_tpm1`. @default false */
  readonly tpm?: boolean | '1.2'
  /** What the disks are connected to. @default virtio */
  readonly diskInterface?: DiskInterface
  /** Further disks, empty. @default none */
  readonly extraDisks?: readonly { readonly size: ByteSize }[]
  /** Further CDs, such as one with drivers. @default none */
  readonly extraCds?: readonly MediaSource[]
  /** The network card in QEMU's own network, through which the build reaches the guest. */
  readonly nic?: {
    /** QEMU's name of the device. @default virtio-net-pci */
    readonly model?: string
    readonly mac?: string
    /** The guest can reach neither this machine, and so no files of `http`, nor what is behind it. @default false */
    readonly isolated?: boolean
  }
  /** Further ports of this machine that lead to the guest, beside the one for SSH. @default none */
  readonly forwards?: readonly PortForward[]
  /** @default none */
  readonly extraNics?: readonly BridgeNic[]
  /** Start this Linux kernel, without a boot loader. @default the machine starts from its disk or CD */
  readonly kernel?: {
    readonly image: string
    readonly initrd?: string
    readonly commandLine?: FromFacts<string>
  }
  /** The card that the screen is connected to; for `x86_64`. Packer: `vga`. @default std */
  readonly vga?: Vga
  /**
   * Keep the machine's memory with each snapshot, so that a build that goes on from one needs no boot. It costs the room and the time of
   * writing what the machine has in use. Not with a TPM, of whose machine there are no snapshots. @default false
   */
  readonly live?: boolean
  /** Whether no window shows the machine. @default true */
  readonly headless?: boolean
  /** Show the machine's screen to VNC clients; `true` means at 127.0.0.1 and the first port from 5900 on that is free. @default false */
  readonly vnc?:
    | boolean
    | {
        /** @default 127.0.0.1 */
        readonly bind?: string
        /** 5900 or higher. @default the first that is free */
        readonly port?: number
        /** Up to 8 characters count. @default none is asked for */
        readonly password?: string | Secret
      }
  /** Added to QEMU's command line, at its end; nothing is replaced. @default none */
  readonly qemuArgs?: readonly string[]
  /** QEMU's programs, by name or path. */
  readonly programs?: {
    /** @default qemu-system-x86_64, qemu-system-aarch64 */
    readonly system?: string
    /** @default qemu-img */
    readonly img?: string
  }
  /** Arguments of `qemu-img`, beside those that it gets anyway. Packer: `qemu_img_args`. */
  readonly imgArgs?: ImgArguments
}

/** What `qemu()` takes. */
export type QemuOptions<F extends ResultFormat = ResultFormat> = QemuStart &
  VmOptions &
  MachineOptions & {
    /** What becomes of the machine. */
    readonly result: QemuResult<F>
    /** How the provisioners reach the guest; with `'none'`, only steps that need no machine run, and the build waits until the guest goes off. @default ssh */
    readonly communicator?: 'ssh' | 'none'
    readonly ssh?: QemuSshOptions
    /** How to reach a guest that runs Windows, in the place of `ssh`. There are no snapshots of such machines. @default it is reached over SSH */
    readonly winrm?: WinrmGuestOptions
    /** Remove the key that was made for the build from the guest before it shuts down; no other. @default true where one is made */
    readonly clearAuthorizedKey?: boolean
    /** Keep what the guest says on its serial port in this file, relative to the definition. @default kept when the build fails */
    readonly serialLog?: string
  }
