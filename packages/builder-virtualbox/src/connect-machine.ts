import type { SshKeyPair } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import type { BuildContext, Facts } from '@imago/core'
import type { ReachedMachine } from '@imago/hypervisor'
import { enterWindows } from '@imago/hypervisor'

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

/** Waits until the machine lets us in, over SSH or WinRM, and brings it what of VirtualBox it is to have. */
export async function connectMachine(options: AnyOptions, connect: ConnectContext): Promise<ReachedMachine> {
  const { ctx, version, seedFacts, guestAdditions } = connect
  const { way, facts } = await reach(options, connect)
  try {
    const known = { ...facts, virtualBoxVersion: version.number }
    await bringToGuest(way, options, { ctx, guestAdditions, facts: { ...seedFacts, ...known } })
    return { way, facts: known }
  } catch (error) {
    await way[Symbol.asyncDispose]()
    throw error
  }
}

async function reach(
  { kind, winrm, ssh = {} }: AnyOptions,
  { ctx, keys, signal, port: forwarded }: ConnectContext,
): Promise<ReachedMachine> {
  if (winrm !== undefined) {
    const { hostPorts: _ports, ...guest } = winrm
    return await enterWindows(guest, { ctx, port: forwarded, timeout: kind === 'iso' ? '2h' : '30m', signal })
  }
  const { port: guestPort = 22, host = '127.0.0.1', hostPorts: _, ...access } = ssh
  const port = forwarded ?? guestPort
  const { user = 'root' } = access
  const way = await ctx.step('connect', `connect to ${user}@${host}:${port}`, (step) =>
    sshCommunicator(
      {
        ...access,
        ...(keys !== undefined && { key: { inline: keys.privateKey } }),
        // an installer takes its time
        timeout: access.timeout ?? (kind === 'iso' ? '1h' : '5m'),
        host,
        port,
        pilesUp: forwarded !== undefined,
      },
      { ...ctx, emit: step.emit, signal },
    ),
  )
  return { way, facts: { host, port, user } }
}
