import type { Accelerator } from './accelerator.ts'
import type { DiskImage } from './qemu-img.ts'

/** Processors that machines are made with. */
export type Arch = 'x86_64' | 'aarch64'

/** What a disk is connected to. */
export type DiskInterface = 'virtio' | 'virtio-scsi' | 'sata' | 'ide' | 'nvme'

/** How the processors are spread. What is left out, QEMU works out from the number of processors. */
export interface CpuTopology {
  readonly sockets?: number
  /** Of a socket. */
  readonly cores?: number
  /** Of a core. */
  readonly threads?: number
}

/** Cards that QEMU has for the screen; `'std'` is one that every guest knows. */
export type Vga = 'std' | 'virtio' | 'qxl' | 'cirrus' | 'vmware'

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
  /** @default QEMU's own */
  readonly topology?: CpuTopology
  /** Bytes. */
  readonly memory: number
  /** @default a BIOS */
  readonly flash?: FlashSpec
  /** The file of the BIOS. @default the one that QEMU brings */
  readonly bios?: string
  readonly disks: readonly DiskImage[]
  readonly diskInterface: DiskInterface
  /** ISO images, the one to boot from first. */
  readonly cds: readonly string[]
  readonly floppy?: string
  readonly nics: readonly NicSpec[]
  /** A Linux kernel to start without a boot loader. */
  readonly kernel?: { readonly image: string; readonly initrd?: string; readonly commandLine?: string }
  /** The TPM is one of version 1.2. @default false */
  readonly hasOldTpm?: boolean
  /** Where the monitor, the serial port and the TPM are; the folder exists. */
  readonly sockets: { readonly qmp: string; readonly serial: string; readonly tpm?: string }
  /** What the guest says on its serial port is kept here. */
  readonly serialLog: string
  /** What the screen is connected to, for `x86_64`. @default std */
  readonly vga?: Vga
  readonly headless: boolean
  /** QEMU's VNC address. */
  readonly vnc?: string
  /** Whether it does not start anew, but waits for the memory of another. */
  readonly isIncoming: boolean
  /** Added at the end. */
  readonly extra: readonly string[]
}
