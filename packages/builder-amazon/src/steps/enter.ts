import type { SshOptions } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import type { Communicator, Facts } from '@imago/core'
import { isImagoError } from '@imago/core'

import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import type { SshConnect } from '../options/connect.ts'
import { sshAccess } from '../options/connect.ts'
import { addressOf, userOf } from './instance-address.ts'
import type { Launched } from './launch.ts'
import type { SessionTunnel } from './session-manager.ts'
import { openSessionTunnel } from './session-manager.ts'
import type { InstanceWatch } from './watch-instance.ts'
import { watchInstance } from './watch-instance.ts'
import { watchedMachine } from './watched-machine.ts'
import { windowsPassword } from './windows-password.ts'

/** A machine that is entered, and what is known of it. */
export interface Entered {
  readonly machine: Communicator
  readonly watch: InstanceWatch
  readonly facts: Partial<Facts>
}

/** Enters an instance over SSH; what goes wrong because the instance has ended says so. */
export async function enter(job: Job, { instance, key }: Launched, connect: SshConnect, source: Image, mayStop: boolean): Promise<Entered> {
  const { ctx } = job
  const { address, host, windowsPassword: windows } = connect
  const access = sshAccess(connect)
  const user = userOf(connect, source)
  const connecting = watchInstance(job, instance.id, { mayStop, phase: 'connecting' })
  let tunnel: SessionTunnel | undefined
  try {
    const login = { ...access, user, ...(key !== undefined && { key: { inline: key.privateKey } }) }
    const password = windows === undefined ? undefined : await windowsPassword(job, instance.id, login.key, windows)
    tunnel = address === 'session-manager' ? await openTunnel(job, instance.id, connect, connecting.signal) : undefined
    const route = tunnel ?? {
      host: host ?? addressOf(instance, address === 'session-manager' ? undefined : address),
      port: connect.port ?? 22,
    }
    const signal = tunnel === undefined ? connecting.signal : AbortSignal.any([connecting.signal, tunnel.broken])
    const options: SshOptions = { ...login, ...(password !== undefined && { password }), host: route.host, port: route.port }
    const machine = await ctx.step('connect', `connect to ${user}@${route.host}:${route.port}`, async (step) =>
      sshCommunicator(options, { ...ctx, emit: step.emit, signal }),
    )
    const working = watchInstance(job, instance.id, { mayStop, phase: 'working' })
    const facts = {
      host: route.host,
      port: route.port,
      user,
      machineId: instance.id,
      instanceType: instance.type,
      availabilityZone: instance.zone,
    }
    return { machine: watchedMachine(machine, working, () => tunnel?.close()), watch: working, facts }
  } catch (error) {
    tunnel?.close()
    throw isImagoError(error, 'DEFINITION_INVALID') ? error : await connecting.explain(error)
  } finally {
    connecting.stop()
  }
}

async function openTunnel(
  job: Job,
  instanceId: string,
  { port = 22, sessionManager }: SshConnect,
  signal: AbortSignal,
): Promise<SessionTunnel> {
  return await openSessionTunnel(job, instanceId, { ...sessionManager, remotePort: port }, signal)
}
