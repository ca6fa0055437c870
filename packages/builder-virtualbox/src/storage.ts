import type { CdInterface, DiskInterface, HardwareOptions, ManageCommand } from './virtualbox-options.ts'

/** A place for a medium. */
export interface Slot {
  /** The controller's name. */
  readonly controller: string
  readonly port: number
  readonly device: number
}

const controllers: Readonly<Record<DiskInterface, { readonly name: string; readonly bus: string; readonly chip: string }>> = {
  ide: { name: 'IDE', bus: 'ide', chip: 'PIIX4' },
  sata: { name: 'SATA', bus: 'sata', chip: 'IntelAhci' },
  scsi: { name: 'SCSI', bus: 'scsi', chip: 'LsiLogic' },
  nvme: { name: 'NVMe', bus: 'pcie', chip: 'NVMe' },
  virtio: { name: 'VirtIO', bus: 'virtio', chip: 'VirtIO' },
}

/** The controllers of buses whose ports are counted. */
const countsPorts: ReadonlySet<DiskInterface> = new Set(['sata', 'nvme', 'virtio'])

/** Where disks and CDs are, and the commands that make room for them. */
export interface StoragePlan {
  readonly commands: readonly ManageCommand[]
  readonly disks: readonly Slot[]
  readonly cds: readonly Slot[]
}

/** What storage is planned from. */
export type StorageOptions = Pick<HardwareOptions, 'diskInterface' | 'cdInterface' | 'sataPorts' | 'nvmePorts'>

/** Plans the controllers of a machine that has none. On a bus that disks and CDs share, the disks come first; IDE's second half is for CDs. */
export function planStorage(vm: string, options: StorageOptions, count: { readonly disks: number; readonly cds: number }): StoragePlan {
  const { diskInterface = 'sata', cdInterface = 'ide' } = options
  const disks = Array.from({ length: count.disks }, (_, index) => slotOf(diskInterface, index))
  const firstCd = cdInterface === diskInterface ? (cdInterface === 'ide' ? Math.max(2, count.disks) : count.disks) : 0
  const cds = Array.from({ length: count.cds }, (_, index) => slotOf(cdInterface, firstCd + index))
  const buses = new Map<DiskInterface, number>([[diskInterface, count.disks]])
  if (count.cds > 0) buses.set(cdInterface, (buses.get(cdInterface) ?? 0) + count.cds)
  return { commands: [...buses].map(([bus, needed]) => addController(vm, bus, portsOf(bus, needed, options))), disks, cds }
}

function slotOf(bus: DiskInterface | CdInterface, index: number): Slot {
  const { name } = controllers[bus]
  return bus === 'ide' ? { controller: name, port: index >> 1, device: index & 1 } : { controller: name, port: index, device: 0 }
}

function portsOf(bus: DiskInterface, needed: number, { sataPorts, nvmePorts }: StorageOptions): number {
  const asked = bus === 'sata' ? sataPorts : bus === 'nvme' ? nvmePorts : undefined
  return Math.max(asked ?? 1, needed)
}

function addController(vm: string, bus: DiskInterface, ports: number): ManageCommand {
  const { name, bus: add, chip } = controllers[bus]
  const count = countsPorts.has(bus) ? ['--portcount', String(ports)] : []
  return ['storagectl', vm, '--name', name, '--add', add, '--controller', chip, ...count, '--bootable', 'on']
}

/** Puts a medium into its place. */
export function attach(vm: string, slot: Slot, type: 'hdd' | 'dvddrive' | 'fdd', medium: string): ManageCommand {
  const { controller, port, device } = slot
  const place = ['--storagectl', controller, '--port', String(port), '--device', String(device)]
  return ['storageattach', vm, ...place, '--type', type, '--medium', medium]
}

/** Takes what is there out of its place, with its drive. */
export function detach(vm: string, { controller, port, device }: Slot): ManageCommand {
  return ['storageattach', vm, '--storagectl', controller, '--port', String(port), '--device', String(device), '--medium', 'none']
}
