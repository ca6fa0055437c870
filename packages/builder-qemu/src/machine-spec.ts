import type { Accelerator } from './accelerator.ts'
import type { DiskImage } from './qemu-img.ts'

/** Processors that machines are made with. */
export type Arch = 'x86_64' | 'aarch64'

/** What a disk is connected to. */
export type DiskInterface = 'virtio' | 'virtio-scsi' | 'sata' | 'ide' | 'nvme'

/** A network card. */
export interface NicSpec {
  /** QEMU's name of the device. */
  readonly model: string
  readonly mac?: string
  /** What it is connected to: QEMU's own network behind this machine's, or a bridge of this machine. */
  readonly network:
    | { readonly type: 'user'; readonly forwards: readonly ForwardSpec[]; readonly isolated: boolean }
    | { readonly type: 'bridge'; readonly name: string }
}

/** A port of this machine that leads to one of the guest. */
export interface ForwardSpec {
  readonly protocol: 'tcp' | 'udp'
  readonly bind: string
  /** 0 for any. */
  readonly host: number
  readonly guest: number
}

/** A UEFI firmware: the code, and the file that its variables are written to. */
export interface FlashSpec {
  readonly code: string
  readonly codeFormat: string
  readonly vars: string
  readonly varsFormat: string
  /** Only the firmware itself may write the variables (system management mode). */
  readonly secure: boolean
}

/** A machine as QEMU is told to make it. All paths are absolute. */
export interface MachineSpec {
  /** Names the machine among the processes of this one. */
  readonly name: string
  readonly arch: Arch
  readonly accelerator: Accelerator
  /** QEMU's machine type. */
  readonly type: string
  /** QEMU's name of the processor. */
  readonly cpu: string
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** @default the BIOS that QEMU brings */
  readonly flash?: FlashSpec
  readonly disks: readonly DiskImage[]
  readonly diskInterface: DiskInterface
  /** ISO images, the one to boot from first. */
  readonly cds: readonly string[]
  readonly floppy?: string
  readonly nics: readonly NicSpec[]
  /** A Linux kernel to start without a boot loader. */
  readonly kernel?: { readonly image: string; readonly initrd?: string; readonly commandLine?: string }
  /** Where the monitor, the serial port and the TPM are; the folder exists. */
  readonly sockets: { readonly qmp: string; readonly serial: string; readonly tpm?: string }
  /** What the guest says on its serial port is kept here. */
  readonly serialLog: string
  readonly headless: boolean
  /** QEMU's VNC address. */
  readonly vnc?: string
  /** Added at the end. */
  readonly extra: readonly string[]
}
