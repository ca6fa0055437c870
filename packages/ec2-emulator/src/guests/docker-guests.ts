import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

import { ImagoError, isOwnerAlive, systemCode } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import { listen } from '../server/listen.ts'
import { DockerMachines, ownerLabel, removeImages } from './docker-machines.ts'
import { guestImage } from './guest-image.ts'
import type { PortMap } from './guest-proxy.ts'
import type { Guests } from './guests.ts'

/** How to run guests. */
export interface DockerGuestsOptions {
  /** A Docker engine on this machine, as `connectEngine` takes it. @default as Docker's client finds it */
  readonly host?: string | undefined
  /** The image that seeded images are made of; it must be like Debian. */
  readonly base: string
  /** What answers for instances whose images have no disk. */
  readonly others: Guests
}

/** Guests as containers, and what else there is to know of them. */
export interface DockerGuests {
  readonly guests: Guests
  /** The disk of seeded images. */
  readonly seedDisk: string
  /** What images must be made for to boot here. */
  readonly architecture: 'x86_64' | 'arm64'
  /** The port of an instance's public address that leads to its SSH server: 22, or another where this process may not listen there. */
  readonly sshPort: number
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
    return { guests: machines, seedDisk, architecture: architecture === 'arm64' ? 'arm64' : 'x86_64', sshPort }
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

function isOrphan({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean {
  return isOwnerAlive(labels[ownerLabel] ?? '') === false
}

/** Removes containers and images of emulators whose process is gone. */
async function removeOrphans(engine: Engine): Promise<void> {
  const containers = (await engine.containers.list({ [ownerLabel]: undefined })).filter(isOrphan)
  await Promise.all(containers.map(({ id }) => engine.containers.remove(id)))
  await removeImages(engine, (await engine.images.list({ [ownerLabel]: undefined })).filter(isOrphan))
}
