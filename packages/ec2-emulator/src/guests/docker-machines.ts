import { randomBytes, randomInt } from 'node:crypto'

import { ImagoError, isImagoError, processOwner } from '@imago/core'
import type { Engine } from '@imago/docker-engine'

import { guestInit } from './guest-image.ts'
import type { PortMap } from './guest-proxy.ts'
import { GuestProxy } from './guest-proxy.ts'
import type { GuestAddresses, GuestRequest, Guests, IncomingConnection } from './guests.ts'
import { MetadataService } from './metadata-service.ts'

/** The label of everything that belongs to an emulator; its value names the process (see core's `processOwner`). */
export const ownerLabel = 'imago.ec2-emulator'

/** The label that tells the emulators of one process apart. */
const nameLabel = 'imago.ec2-emulator.name'

/** The exit code of a guest that is to start again. */
const rebootCode = 64

/** The engine's network that guests are in. */
const network = 'bridge'

interface Machine {
  readonly request: GuestRequest
  readonly container: string
  readonly image: string
  address: string | undefined
  proxy: GuestProxy | undefined
  /** Counts its starts. */
  run: number
  /** We stop or remove it ourselves. */
  isCommanded: boolean
}

/** What machines need. */
export interface MachinesOptions {
  readonly engine: Engine
  /** What answers for instances whose images have no disk. */
  readonly others: Guests
  readonly ports: PortMap
}

/** Instances as containers of a Docker engine. */
export class DockerMachines implements Guests {
  readonly #engine: Engine
  readonly #others: Guests
  readonly #ports: PortMap
  readonly #name = `imago-ec2-${randomBytes(4).toString('hex')}`
  readonly #labels = { [ownerLabel]: processOwner(), [nameLabel]: this.#name }
  readonly #machines = new Map<string, Machine>()
  /** The last thing that was begun with each instance. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #metadata: MetadataService
  /** The third number of public addresses: emulators that run at the same time hardly ever have the same. */
  readonly #block = randomInt(256)
  /** Public addresses that are in use. */
  readonly #addresses = new Set<string>()
  #metadataPort = 0

  constructor({ engine, others, ports }: MachinesOptions) {
    this.#engine = engine
    this.#others = others
    this.#ports = ports
    this.#metadata = new MetadataService((address) =>
      [...this.#machines.values()].find((machine) => machine.address === address)?.request.metadata(),
    )
  }

  /** Lets the metadata service listen where guests reach it. */
  async open(): Promise<void> {
    const { gateway } = await this.#engine.networks.inspect(network)
    try {
      this.#metadataPort = await this.#metadata.listen(gateway ?? '')
    } catch (error) {
      throw new ImagoError(
        'UNSUPPORTED',
        `the Docker engine at ${this.#engine.endpoint} is not on this machine: its gateway ${gateway} is not ours`,
        {
          cause: error,
          hint: 'guests need an engine on the same machine, whose network leads here',
        },
      )
    }
  }

  async create(request: GuestRequest): Promise<GuestAddresses> {
    const { rootDisk } = request
    if (rootDisk === undefined) return await this.#others.create(request)
    return await this.#inTurn(request.instanceId, async () => await this.#boot(await this.#createMachine(request, rootDisk)))
  }

  async start(instanceId: string): Promise<GuestAddresses> {
    return await this.#inTurn(instanceId, async () => {
      const machine = this.#machines.get(instanceId)
      return machine === undefined ? await this.#others.start(instanceId) : await this.#boot(machine)
    })
  }

  async stop(instanceId: string): Promise<void> {
    await this.#withMachine(instanceId, async (machine) => {
      machine.isCommanded = true
      await this.#engine.containers.stop(machine.container)
      await this.#disconnect(machine)
    })
  }

  async reboot(instanceId: string): Promise<void> {
    await this.#withMachine(instanceId, async (machine) => {
      machine.isCommanded = true
      await this.#engine.containers.stop(machine.container)
      await this.#run(machine)
    })
  }

  async remove(instanceId: string): Promise<void> {
    await this.#withMachine(instanceId, async (machine) => {
      machine.isCommanded = true
      this.#machines.delete(instanceId)
      await this.#engine.containers.remove(machine.container)
      await this.#disconnect(machine)
    })
  }

  async saveDisk(instanceId: string): Promise<string | undefined> {
    return await this.#withMachine(instanceId, async ({ container, image }) => {
      return await this.#engine.containers.commit(container, { base: image, config: { labels: this.#labels } })
    })
  }

  async removeDisk(disk: string): Promise<void> {
    const own = await this.#engine.images.list(this.#labels)
    await removeImages(
      this.#engine,
      own.filter(({ id }) => id === disk),
    )
  }

  async console(instanceId: string): Promise<string> {
    const machine = this.#machines.get(instanceId)
    return machine === undefined ? '' : await this.#engine.containers.logs(machine.container)
  }

  async close(): Promise<void> {
    try {
      await Promise.all([...this.#turns.keys()].map((id) => this.remove(id)))
      await removeImages(this.#engine, await this.#engine.images.list(this.#labels))
    } finally {
      await this.#metadata.close()
      await this.#others.close()
      this.#engine.close()
    }
  }

  /** Does something with a machine; nothing where there is none. */
  async #withMachine<T>(instanceId: string, work: (machine: Machine) => Promise<T>): Promise<T | undefined> {
    return await this.#inTurn(instanceId, async () => {
      const machine = this.#machines.get(instanceId)
      return machine === undefined ? undefined : await work(machine)
    })
  }

  /** What is done to an instance is done one after the other: it may be terminated while it boots, or while its disk is saved. */
  async #inTurn<T>(instanceId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(instanceId) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(instanceId, turn)
    return await turn
  }

  async #createMachine(request: GuestRequest, rootDisk: string): Promise<Machine> {
    const { instanceId } = request
    const container = await this.#engine.containers.create({
      name: `${this.#name}-${instanceId}`,
      image: rootDisk,
      labels: this.#labels,
      command: [guestInit, String(this.#metadataPort)],
      hostname: `ip-${instanceId.slice(-8)}`,
      // for the boot's id and for mounting, and for the way to 169.254.169.254
      capabilities: { add: ['SYS_ADMIN', 'NET_ADMIN'] },
      securityOptions: ['apparmor=unconfined'],
    })
    const machine: Machine = { request, container, image: rootDisk, address: undefined, proxy: undefined, run: 0, isCommanded: false }
    this.#machines.set(instanceId, machine)
    return machine
  }

  async #boot(machine: Machine): Promise<GuestAddresses> {
    await this.#run(machine)
    if (machine.request.hasPublicAddress) machine.proxy = await this.#openProxy(machine)
    return { privateAddress: machine.address ?? '', publicAddress: machine.proxy?.address }
  }

  /** Starts the container, and watches it. */
  async #run(machine: Machine): Promise<void> {
    machine.run += 1
    machine.isCommanded = false
    await this.#engine.containers.start(machine.container)
    const details = await this.#engine.containers.inspect(machine.container)
    machine.address = details?.address
    void this.#watch(machine)
  }

  /** Waits until a machine ends by itself: one that reboots is started again. */
  async #watch(machine: Machine): Promise<void> {
    const { run } = machine
    const code = await this.#engine.containers.wait(machine.container).catch(() => undefined)
    if (machine.isCommanded || machine.run !== run || code === undefined) return
    const comesBack = code === rebootCode && (await this.#inTurn(machine.request.instanceId, () => this.#restarted(machine)))
    if (comesBack) return
    await this.#disconnect(machine)
    machine.request.onPowerOff()
  }

  /** Starts a machine again that has ended to reboot; whether that went well, or somebody else has taken it over. */
  async #restarted(machine: Machine): Promise<boolean> {
    if (machine.isCommanded) return true
    return await this.#run(machine).then(
      () => true,
      () => false,
    )
  }

  async #disconnect(machine: Machine): Promise<void> {
    const { proxy } = machine
    machine.address = undefined
    machine.proxy = undefined
    if (proxy === undefined) return
    await proxy.close()
    this.#addresses.delete(proxy.address)
  }

  async #openProxy(machine: Machine): Promise<GuestProxy> {
    const target = { address: () => machine.address, admits: (connection: IncomingConnection) => machine.request.admits(connection) }
    for (let number = 1; number < 255; number++) {
      const address = `127.77.${this.#block}.${number}`
      if (this.#addresses.has(address)) continue
      this.#addresses.add(address)
      const proxy = await GuestProxy.open(address, this.#ports, target)
      if (proxy !== undefined) return proxy
      this.#addresses.delete(address)
    }
    throw new ImagoError('PROVIDER_FAILED', `the emulator has no public address left in 127.77.${this.#block}.0/24`)
  }
}

/** Removes images, newest first: older ones may be what newer ones are made of. */
export async function removeImages(engine: Engine, images: readonly { readonly id: string }[]): Promise<void> {
  for (const { id } of images) await engine.images.remove(id, { force: true }).catch(unlessUsed)
}

/** An image that something else is made of stays until that is gone too. */
function unlessUsed(error: unknown): void {
  if (!isImagoError(error, 'PROVIDER_FAILED')) throw error
}
