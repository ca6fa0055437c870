import type { SshKeyPair } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import type { BuildContext } from '@imago/core'
import type { ReachedMachine } from '@imago/hypervisor'
import { enterWindows, winrmGuestPort } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'
import type { RunningMachine } from './running-machine.ts'

/** The build, and the key pair that was made for it. */
export interface ConnectContext {
  readonly ctx: BuildContext
  readonly keys: SshKeyPair | undefined
  readonly signal: AbortSignal
}

/** Waits until the machine lets us in, over SSH or WinRM: at its own address, or through the port that QEMU has chosen. */
export async function connectMachine(
  machine: RunningMachine,
  options: QemuOptions,
  { ctx, keys, signal }: ConnectContext,
): Promise<ReachedMachine> {
  const { winrm } = options
  if (winrm !== undefined) {
    const port = winrm.host === undefined ? await machine.forwardedPort(winrmGuestPort(winrm), signal) : undefined
    return await enterWindows(winrm, { ctx, port, timeout: options.iso === undefined ? '30m' : '2h', signal })
  }
  const { port: guestPort = 22, host = '127.0.0.1', ...access } = options.ssh ?? {}
  const port = options.ssh?.host === undefined ? await machine.forwardedPort(guestPort, signal) : guestPort
  const { user = 'root' } = access
  const way = await ctx.step('connect', `connect to ${user}@${host}:${port}`, (step) =>
    sshCommunicator(
      {
        ...access,
        ...(keys !== undefined && { key: { inline: keys.privateKey } }),
        // an installer takes its time
        timeout: access.timeout ?? (options.iso === undefined ? '5m' : '1h'),
        host,
        port,
      },
      { ...ctx, emit: step.emit, signal },
    ),
  )
  return { way, facts: { host, port, user } }
}
