import type { SshKeyPair } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import type { BuildContext, Communicator } from '@imago/core'
import type { ReachedMachine } from '@imago/hypervisor'

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
    await bring(way, options, connect)
    return { way, facts: { host, port, user, virtualBoxVersion: connect.version.number } }
  } catch (error) {
    await way[Symbol.asyncDispose]()
    throw error
  }
}

async function bring(way: Communicator, options: AnyOptions, { ctx, version, guestAdditions }: ConnectContext): Promise<void> {
  const { versionFile, guestAdditions: additions } = options
  if (versionFile !== undefined) {
    await ctx.step('version', `upload the version of VirtualBox to ${versionFile}`, ({ signal }) =>
      way.upload({ content: version.number }, versionFile, { signal }),
    )
  }
  if (guestAdditions === undefined || additions === undefined || additions === false || additions.mode !== 'upload') return
  const { path = 'VBoxGuestAdditions.iso' } = additions
  await ctx.step('guest-additions', `upload the Guest Additions to ${path}`, ({ signal }) =>
    way.upload({ path: guestAdditions }, path, { signal }),
  )
}
