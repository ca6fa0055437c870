import type { SshKeyPair } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import type { BuildContext, Facts } from '@imago/core'
import type { ReachedMachine } from '@imago/hypervisor'

import { bringToGuest } from './bring-to-guest.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBoxVersion } from './version.ts'

/** What connecting needs to know. */
export interface ConnectContext {
  readonly ctx: BuildContext
  /** The key pair that was made for the build. */
  readonly keys: SshKeyPair | undefined
  /** The port of this machine that leads to the guest; `undefined` where the guest's own address is given. */
  readonly port: number | undefined
  readonly version: VirtualBoxVersion
  /** What is known of the build before the guest is reached. */
  readonly seedFacts: Facts
  /** The ISO image of the Guest Additions. */
  readonly guestAdditions: string | undefined
  readonly signal: AbortSignal
}

/** Waits until the machine lets us in over SSH, and brings it what of VirtualBox it is to have. */
export async function connectMachine(options: AnyOptions, connect: ConnectContext): Promise<ReachedMachine> {
  const { ctx, keys, signal } = connect
  const { port: guestPort = 22, host = '127.0.0.1', hostPorts: _, ...access } = options.ssh ?? {}
  const port = connect.port ?? guestPort
  const { user = 'root' } = access
  const way = await ctx.step('connect', `connect to ${user}@${host}:${port}`, (step) =>
    sshCommunicator(
      {
        ...access,
        ...(keys !== undefined && { key: { inline: keys.privateKey } }),
        // an installer takes its time
        timeout: access.timeout ?? (options.kind === 'iso' ? '1h' : '5m'),
        host,
        port,
      },
      { ...ctx, emit: step.emit, signal },
    ),
  )
  try {
    const facts = { host, port, user, virtualBoxVersion: connect.version.number }
    await bringToGuest(way, options, { ctx, guestAdditions: connect.guestAdditions, facts: { ...connect.seedFacts, ...facts } })
    return { way, facts }
  } catch (error) {
    await way[Symbol.asyncDispose]()
    throw error
  }
}
