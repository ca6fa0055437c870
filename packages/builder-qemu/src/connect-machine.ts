import { sshCommunicator } from '@imago/communicator-ssh'
import type { Communicator, Facts } from '@imago/core'

import type { MachineUse } from './machine-use.ts'
import type { PoweredMachine } from './power-on.ts'
import { watchedMachine } from './watched-machine.ts'

const host = '127.0.0.1'

/** The way into the machine, and what steps are told of it. */
export interface ReachedMachine {
  readonly way: Communicator
  readonly facts: Partial<Facts>
}

/** Waits until the machine lets us in over SSH, through the port that QEMU has chosen. */
export async function connectMachine({ machine }: PoweredMachine, { options, ctx, keys }: MachineUse): Promise<ReachedMachine> {
  const { port: guestPort = 22, ...access } = options.ssh ?? {}
  const signal = AbortSignal.any([ctx.signal, machine.lost])
  const port = await machine.forwardedPort(guestPort, signal)
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
  return { way: watchedMachine(way, machine), facts: { host, port, user } }
}
