import type { SshAccess } from '@imago/communicator-ssh'
import type { ArtifactReference, Facts, FromFacts } from '@imago/core'
import type { ByteSize, MediaSource, VmOptions, WinrmGuestOptions } from '@imago/hypervisor'

import type { ResultFormat, VirtualBoxApplianceArtifact, VirtualBoxResult } from './virtualbox-result.ts'

/** What disks are connected to. */
export type DiskInterface = 'ide' | 'sata' | 'scsi' | 'nvme' | 'virtio'

/** What CDs are connected to. */
export type CdInterface = 'ide' | 'sata' | 'virtio'

/** A command of VBoxManage and its arguments, as they are: `['modifyvm', vm, '--vram', '64']`. */
export type ManageCommand = readonly string[]

/** What is known of the build when VBoxManage is called. */
export interface VmFacts extends Facts {
  /** The machine's name during the build. */
  readonly vm: string
}

/** What is known of the build when the Guest Additions are looked for. */
export interface AdditionsFacts extends Facts {
  /** `7.2.22` */
  readonly virtualBoxVersion: string
}

/** Commands of VBoxManage, or a function that makes them of the machine's name and the other facts. */
export type ManageCommands = readonly ManageCommand[] | ((facts: VmFacts) => readonly ManageCommand[])

/** How to reach the guest over SSH. Without a key, a password and an agent, a key pair is made for the build. */
export interface VirtualBoxSshOptions extends SshAccess {
  /** The guest's port. Packer: `ssh_port`. @default 22 */
  readonly port?: number
  /** The guest's own address, where this machine reaches it: no port leads to it then. Packer: `ssh_host` with `skip_nat_mapping`. @default a port of this machine leads to it */
  readonly host?: string
  /** The ports of this machine to choose from. Packer: `host_port_min`, `host_port_max`. @default any that is free */
  readonly hostPorts?: readonly [lowest: number, highest: number]
}

/** How to reach a guest that runs Windows over WinRM. */
export interface VirtualBoxWinrmOptions extends WinrmGuestOptions {
  /** The ports of this machine to choose from. Packer: `host_port_min`, `host_port_max`. @default any that is free */
  readonly hostPorts?: readonly [lowest: number, highest: number]
}

/** VirtualBox's Guest Additions. */
export interface GuestAdditions {
  /** `'upload'` copies their ISO image into the guest, `'attach'` puts it into a CD drive. Packer: `guest_additions_mode`. */
  readonly mode: 'upload' | 'attach'
  /**
   * Where it goes in the guest; `facts.virtualBoxVersion` is the version that it is of. Packer: `guest_additions_path`.
   * @default VBoxGuestAdditions.iso
   */
  readonly path?: FromFacts<string>
  /** Their ISO image, or a function of the version. Packer: `guest_additions_url`, `guest_additions_sha256`. @default that of this VirtualBox, or else the one of its version from virtualbox.org, checked by its SHA256SUMS */
  readonly iso?: MediaSource | ((facts: AdditionsFacts) => MediaSource)
}

/** A screen that clients of Microsoft's Remote Desktop see. Needs VirtualBox's extension pack. */
export interface Vrdp {
  /** Packer: `vrdp_bind_address`. @default 127.0.0.1 */
  readonly bind?: string
  /** Packer: `vrdp_port_min`, `vrdp_port_max`. @default [5900, 6000] */
  readonly ports?: readonly [lowest: number, highest: number]
}

/** What the three builders of VirtualBox have in common. */
export interface CommonOptions<F extends ResultFormat = ResultFormat> extends VmOptions {
  /** What becomes of the machine. */
  readonly result: VirtualBoxResult<F>
  /**
   * What the machine is called in the result, and when it stays registered. Until then it is named after the run, so that builds do not
   * collide. Packer: `vm_name`. @default the image's and the build's name
   */
  readonly name?: string
  /** Let the machine stay in VirtualBox. Packer: `keep_registered`. @default false */
  readonly keepRegistered?: boolean
  /** Replace a machine of that name which stays in VirtualBox. Packer: `-force`. @default false: it is an error */
  readonly force?: boolean
  /** Whether no window shows the machine. Packer: `headless`, whose default is false. @default true */
  readonly headless?: boolean
  /** Show the screen to clients of Remote Desktop. @default false */
  readonly vrdp?: boolean | Vrdp
  /** Packer's default is to upload them. @default false */
  readonly guestAdditions?: false | GuestAdditions
  /** Upload a file with VirtualBox's version to this path in the guest. Packer: `virtualbox_version_file`, whose default is `.vbox_version`. @default none */
  readonly versionFile?: string
  /** Called before the machine starts. Packer: `vboxmanage`. @default none */
  readonly vboxmanage?: ManageCommands
  /** Called when the machine is off, before it is exported. Packer: `vboxmanage_post`. @default none */
  readonly vboxmanagePost?: ManageCommands
  /** How the provisioners reach the guest; with `'none'`, only steps that need no machine run, and the build waits until the guest goes off. Packer: `communicator`. @default ssh */
  readonly communicator?: 'ssh' | 'none'
  readonly ssh?: VirtualBoxSshOptions
  /** How to reach a guest that runs Windows, in the place of `ssh`. @default it is reached over SSH */
  readonly winrm?: VirtualBoxWinrmOptions
  /** Remove the key that was made for the build from the guest before it shuts down. Packer: `ssh_clear_authorized_keys`. @default true */
  readonly clearAuthorizedKey?: boolean
  /** Keep what the guest says on its serial port in this file, relative to the definition. @default kept when the build fails */
  readonly serialLog?: string
  /** VirtualBox's program, by name or path. @default VBoxManage */
  readonly program?: string
}

/** What the machine is made of that an installer runs in. */
export interface HardwareOptions {
  /** VirtualBox's name of the guest's system, of `VBoxManage list ostypes`. Packer: `guest_os_type`, whose default is Other. @default Linux_64 */
  readonly guestOsType?: string
  /** Packer: `cpus`, whose default is 1. @default 2 */
  readonly cpus?: number
  /** Packer: `memory`, in megabytes, whose default is 512. @default '1g' */
  readonly memory?: ByteSize
  /** Packer: `chipset`. @default piix3 */
  readonly chipset?: 'piix3' | 'ich9'
  /** Packer: `firmware`. @default bios */
  readonly firmware?: 'bios' | 'efi'
  /** Let the guest run virtual machines. Packer: `nested_virt`. @default false */
  readonly nestedVirtualization?: boolean
  /** What the hardware clock tells. Packer: `rtc_time_base`, whose default is local. @default utc */
  readonly clock?: 'utc' | 'local'
  /** What the disks are connected to. Packer: `hard_drive_interface` (`pcie` is `'nvme'` here), whose default is ide. @default sata */
  readonly diskInterface?: DiskInterface
  /** Packer: `sata_port_count`. @default as many as are needed */
  readonly sataPorts?: number
  /** Packer: `nvme_port_count`. @default as many as are needed */
  readonly nvmePorts?: number
  /** The disks say of themselves that they are solid-state. Packer: `hard_drive_nonrotational`. @default false */
  readonly solidState?: boolean
  /** The disks shrink as the guest gives blocks back. Packer: `hard_drive_discard`. @default false */
  readonly discard?: boolean
  /** Further disks, empty. Packer: `disk_additional_size`. @default none */
  readonly extraDisks?: readonly { readonly size: ByteSize }[]
  /** What CDs are connected to. Packer: `iso_interface`. @default ide */
  readonly cdInterface?: CdInterface
  /** The network card, which is in VirtualBox's own network (NAT). Packer: `nic_type`. @default 82540EM */
  readonly nic?: 'Am79C970A' | 'Am79C973' | '82540EM' | '82543GC' | '82545EM' | 'virtio'
  /** A sound card. Packer: `sound`, `audio_controller`. @default none */
  readonly audio?: {
    /** VirtualBox's name of what plays it. Packer: `sound`. @default null: nothing does */
    readonly driver?: string
    /** Packer: `audio_controller`. @default hda */
    readonly controller?: 'ac97' | 'hda' | 'sb16'
  }
  /** Packer: `usb`. @default false */
  readonly usb?: boolean
  readonly graphics?: {
    /** Packer: `gfx_controller`. @default VirtualBox's */
    readonly controller?: 'vboxvga' | 'vboxsvga' | 'vmsvga' | 'none'
    /** Memory in megabytes. Packer: `gfx_vram_size`. @default VirtualBox's */
    readonly vram?: number
    /** Packer: `gfx_accelerate_3d`. @default false */
    readonly accelerate3d?: boolean
    /** Of the screen with EFI: `'1024x768'`. Packer: `gfx_efi_resolution`. @default VirtualBox's */
    readonly efiResolution?: `${number}x${number}`
  }
}

/** What `virtualboxIso()` takes. */
export interface VirtualBoxIsoOptions<F extends ResultFormat = ResultFormat> extends CommonOptions<F>, HardwareOptions {
  /** The machine starts from this while its disk is empty. Packer: `iso_url`, `iso_urls`, `iso_checksum`. */
  readonly iso: MediaSource
  /** Size of the disk. Packer: `disk_size`, in megabytes, whose default is 40000. */
  readonly diskSize: ByteSize
  /** The ISO image stays in the machine, and is in the appliance. Packer: `bundle_iso`. @default false */
  readonly bundleIso?: boolean
}

/** What `virtualboxOvf()` takes. */
export interface VirtualBoxOvfOptions<F extends ResultFormat = ResultFormat> extends CommonOptions<F> {
  /**
   * The appliance that the machine starts as: an OVA, or a local OVF with its disks beside it; or what another build makes. Packer: `source_path`,
   * `checksum`.
   */
  readonly source: MediaSource | ArtifactReference<VirtualBoxApplianceArtifact>
  /** Added to `VBoxManage import`: `['--options', 'keepallmacs']`. Packer: `import_flags`, `import_opts`. @default none */
  readonly importOptions?: readonly string[]
}

/** What `virtualboxVm()` takes. */
export interface VirtualBoxVmOptions<F extends ResultFormat = ResultFormat> extends CommonOptions<F> {
  /** The machine of VirtualBox to start from, by name or UUID. It must be off. Packer: `vm_name`. */
  readonly vm: string
  /** The snapshot of it to start from. Packer: `attach_snapshot`. @default its current state */
  readonly snapshot?: string
  /**
   * `'linked'` works in a clone that stores only what changes, which needs a snapshot to build on and makes one when none is named; `'full'`
   * in a copy; `'in-place'` in the machine itself, as Packer does: when the build fails, the machine is put back as it was.
   * @default linked
   */
  readonly clone?: 'linked' | 'full' | 'in-place'
  /** Take this snapshot of the machine when the build is done; with `'in-place'` alone. Packer: `target_snapshot`; `force` is `force_delete_snapshot`. @default none */
  readonly targetSnapshot?: string
}

/** The options of one of the three, with what it starts from. */
export type AnyOptions =
  | (VirtualBoxIsoOptions & { readonly kind: 'iso' })
  | (VirtualBoxOvfOptions & { readonly kind: 'ovf' })
  | (VirtualBoxVmOptions & { readonly kind: 'vm' })

/** The commands of an option. */
export function resolveCommands(commands: ManageCommands | undefined, facts: VmFacts): readonly ManageCommand[] {
  if (commands === undefined) return []
  return typeof commands === 'function' ? commands(facts) : commands
}
