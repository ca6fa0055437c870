import type { InstanceMetadata } from './instance-metadata.ts'

/** A connection that somebody opens to a machine. */
export interface IncomingConnection {
  /** Where it comes from. */
  readonly address: string
  /** Where it goes to. */
  readonly port: number
}

/** What a machine is started from and what it is told. */
export interface GuestRequest {
  readonly instanceId: string
  /** The disk to boot from, as {@link Guests.saveDisk} or a seeded image names it; `undefined` when its image has none. */
  readonly rootDisk: string | undefined
  /** Whether clients reach it at an address of its own. */
  readonly hasPublicAddress: boolean
  /** The network that its private address should be of: `172.31.0.0/20`. */
  readonly network: string
  /** What the metadata service tells it, each time that it asks. */
  metadata(): InstanceMetadata
  /** Whether its security groups let a connection in. */
  admits(connection: IncomingConnection): boolean
  /** Called when the machine has powered itself off. */
  onPowerOff(): void
}

/** Where a machine is. */
export interface GuestAddresses {
  readonly privateAddress: string
  readonly publicAddress: string | undefined
}

/** What runs as instances. */
export interface Guests {
  /** Boots a new machine. Resolves when it has addresses, not when it can be logged in to. */
  create(request: GuestRequest): Promise<GuestAddresses>
  /** Shuts a machine down as the power button does. */
  stop(instanceId: string): Promise<void>
  /** Boots a machine that was stopped. */
  start(instanceId: string): Promise<GuestAddresses>
  reboot(instanceId: string): Promise<void>
  /** Removes a machine and its disk. One that is not there is no error. */
  remove(instanceId: string): Promise<void>
  /** Makes an image of a machine's disk, and names it; `undefined` when the machine has none. */
  saveDisk(instanceId: string): Promise<string | undefined>
  /** Removes a disk that nothing boots from any more. */
  removeDisk(disk: string): Promise<void>
  /** What a machine has printed on its console. */
  console(instanceId: string): Promise<string>
  /** Removes all machines and disks. */
  close(): Promise<void>
}
