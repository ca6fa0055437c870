import { randomBytes, randomInt } from 'node:crypto'
import { createServer } from 'node:net'

import { ImagoError, isImagoError, isOwnerAlive, processOwner, systemCode } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import { listen } from '../server/listen.ts'
import { guestImage, guestInit } from './guest-image.ts'
import type { PortMap } from './guest-proxy.ts'
import { GuestProxy } from './guest-proxy.ts'
import type { GuestAddresses, GuestRequest, Guests, IncomingConnection } from './guests.ts'
import { MetadataService } from './metadata-service.ts'

/** The label of everything that belongs to an emulator; its value names the process (see core's `processOwner`). */
const ownerLabel = 'imago.ec2-emulator'

/** The exit code of a guest that is to start again. */
const rebootCode = 64

/** The engine's network that guests are in. */
const network = 'bridge'

/** How to run guests. */
export interface DockerGuestsOptions {
  /** A Docker engine on this machine, as `connectEngine` takes it. @default as Docker's client finds it */
  readonly host?: string | undefined
  /** The image that seeded images are made of; it must be like Debian. */
  readonly base: string
  /** What answers for instances whose images have no disk. */
  readonly others: Guests
}

/** Guests that run, and what else there is to know of them. */
export interface DockerGuests extends Guests {
  /** The disk of seeded images. */
  readonly seedDisk: string
  /** What images must be made for to boot here. */
  readonly architecture: 'x86_64' | 'arm64'
  /** The port of an instance's public address that leads to its SSH server: 22, or another where this process may not listen there. */
  readonly sshPort: number
}

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
  /** Images that are being made of it. */
  readonly saving: Set<Promise<unknown>>
}

/**
 * Runs instances as containers of a Docker engine on this machine. What emulators left that were killed is removed first.
 * @throws ImagoError `PROVIDER_UNAVAILABLE` when there is no engine, `UNSUPPORTED` when it is on another machine
 */
export async function dockerGuests({ host, base, others }: DockerGuestsOptions): Promise<DockerGuests> {
  const engine = await connectEngine(host === undefined ? {} : { host })
  try {
    await removeOrphans(engine)
    const seedDisk = await guestImage(engine, base)
    const { architecture } = await engine.version()
    const ports = await publicPorts()
    const machines = new DockerMachines({ engine, others, ports })
    await machines.open()
    const [sshPort = 22] = [...ports].flatMap(([port, inner]) => (inner === 22 ? [port] : []))
    return Object.assign(machines, { seedDisk, architecture: architecture === 'arm64' ? ('arm64' as const) : ('x86_64' as const), sshPort })
  } catch (error) {
    engine.close()
    throw error
  }
}

/** Ports below 1024 where this process may listen there, others where it may not. */
async function publicPorts(): Promise<PortMap> {
  const inner = [22, 80, 443]
  const probe = createServer()
  try {
    await listen(probe, { host: `127.77.${randomInt(256)}.255`, port: 22 })
    return new Map(inner.map((port) => [port, port]))
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') return new Map(inner.map((port) => [port, port]))
    if (systemCode(error) === 'EACCES') return new Map(inner.map((port) => [20_000 + port, port]))
    throw new ImagoError('UNSUPPORTED', 'instances cannot have addresses of their own: this machine has no 127.77.0.0/16', {
      cause: error,
      hint: 'guests need Linux; elsewhere run the emulator without them',
    })
  } finally {
    probe.close()
  }
}

/** Removes containers and images of emulators whose process is gone. */
async function removeOrphans(engine: Engine): Promise<void> {
  const isOrphan = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean =>
    isOwnerAlive(labels[ownerLabel] ?? '') === false
  const containers = (await engine.containers.list({ [ownerLabel]: undefined })).filter(isOrphan)
  await Promise.all(containers.map(({ id }) => engine.containers.remove(id)))
  await removeImages(engine, (await engine.images.list({ [ownerLabel]: undefined })).filter(isOrphan))
}

/** Removes images, newest first: older ones may be what newer ones are made of. */
async function removeImages(engine: Engine, images: readonly { readonly id: string }[]): Promise<void> {
  for (const { id } of images) await engine.images.remove(id, { force: true }).catch(unlessUsed)
}

/** An image that something else is made of stays until that is gone too. */
function unlessUsed(error: unknown): void {
  if (!isImagoError(error, 'PROVIDER_FAILED')) throw error
}

class DockerMachines implements Guests {
  readonly #engine: Engine
  readonly #others: Guests
  readonly #ports: PortMap
  readonly #owner = processOwner()
  readonly #name = `imago-ec2-${randomBytes(4).toString('hex')}`
  readonly #machines = new Map<string, Machine>()
  readonly #metadata: MetadataService
  /** The third number of public addresses: emulators that run at the same time hardly ever have the same. */
  readonly #block = randomInt(256)
  /** Public addresses that are in use. */
  readonly #addresses = new Set<string>()
  #metadataPort = 0

  constructor({ engine, others, ports }: { readonly engine: Engine; readonly others: Guests; readonly ports: PortMap }) {
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
    const { instanceId, rootDisk } = request
    if (rootDisk === undefined) return await this.#others.create(request)
    const container = await this.#engine.containers.create({
      name: `${this.#name}-${instanceId}`,
      image: rootDisk,
      labels: { [ownerLabel]: this.#owner },
      command: [guestInit, String(this.#metadataPort)],
      hostname: `ip-${instanceId.slice(-8)}`,
      // for the boot's id and for mounting, and for the way to 169.254.169.254
      capabilities: { add: ['SYS_ADMIN', 'NET_ADMIN'] },
      securityOptions: ['apparmor=unconfined'],
    })
    const machine: Machine = {
      request,
      container,
      image: rootDisk,
      address: undefined,
      proxy: undefined,
      run: 0,
      isCommanded: false,
      saving: new Set(),
    }
    this.#machines.set(instanceId, machine)
    return await this.#boot(machine)
  }

  async start(instanceId: string): Promise<GuestAddresses> {
    const machine = this.#machines.get(instanceId)
    return machine === undefined ? await this.#others.start(instanceId) : await this.#boot(machine)
  }

  async stop(instanceId: string): Promise<void> {
    const machine = this.#machines.get(instanceId)
    if (machine === undefined) return
    machine.isCommanded = true
    await this.#engine.containers.stop(machine.container)
    await this.#disconnect(machine)
  }

  async reboot(instanceId: string): Promise<void> {
    const machine = this.#machines.get(instanceId)
    if (machine === undefined) return
    machine.isCommanded = true
    await this.#engine.containers.stop(machine.container)
    await this.#run(machine)
  }

  async remove(instanceId: string): Promise<void> {
    const machine = this.#machines.get(instanceId)
    if (machine === undefined) return
    machine.isCommanded = true
    this.#machines.delete(instanceId)
    await Promise.allSettled(machine.saving)
    await this.#engine.containers.remove(machine.container)
    await this.#disconnect(machine)
  }

  async saveDisk(instanceId: string): Promise<string | undefined> {
    const machine = this.#machines.get(instanceId)
    if (machine === undefined) return undefined
    const labels = { [ownerLabel]: this.#owner }
    const saved = this.#engine.containers.commit(machine.container, { base: machine.image, config: { labels } })
    machine.saving.add(saved)
    return await saved.finally(() => machine.saving.delete(saved))
  }

  async removeDisk(disk: string): Promise<void> {
    const own = await this.#engine.images.list({ [ownerLabel]: this.#owner })
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
    await Promise.all([...this.#machines.keys()].map((id) => this.remove(id)))
    await removeImages(this.#engine, await this.#engine.images.list({ [ownerLabel]: this.#owner }))
    await this.#metadata.close()
    await this.#others.close()
    this.#engine.close()
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
    if (code === rebootCode) {
      await this.#run(machine).catch(() => machine.request.onPowerOff())
      return
    }
    await this.#disconnect(machine)
    machine.request.onPowerOff()
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
