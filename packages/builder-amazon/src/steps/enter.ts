import type { SshKey } from '@imago/communicator-ssh'
import { sshCommunicator } from '@imago/communicator-ssh'
import { winrmCommunicator } from '@imago/communicator-winrm'
import type { Communicator, Facts, Secret, StepContext } from '@imago/core'
import { isImagoError, reveal } from '@imago/core'

import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import type { WayIn } from '../options/connect.ts'
import { portOf, sshAccess, windowsPasswordOf } from '../options/connect.ts'
import { winrmAccess } from '../options/winrm-connect.ts'
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

/** Enters an instance over SSH or WinRM; what goes wrong because the instance has ended says so. */
export async function enter(job: Job, { instance, key }: Launched, way: WayIn, source: Image, mayStop: boolean): Promise<Entered> {
  const { ctx } = job
  const { address } = way
  const user = userOf(way, source)
  const connecting = watchInstance(job, instance.id, { mayStop, phase: 'connecting' })
  let tunnel: SessionTunnel | undefined
  try {
    const ownKey: SshKey | undefined = key === undefined ? way.key : { inline: key.privateKey }
    const waits = windowsPasswordOf(way)
    const password = waits === undefined ? way.password : await windowsPassword(job, instance.id, ownKey, waits)
    tunnel = address === 'session-manager' ? await openTunnel(job, instance.id, way, connecting.signal) : undefined
    const route = tunnel ?? {
      host: way.host ?? addressOf(instance, address === 'session-manager' ? undefined : address),
      port: portOf(way),
    }
    const signal = tunnel === undefined ? connecting.signal : AbortSignal.any([connecting.signal, tunnel.broken])
    const machine = await ctx.step('connect', `connect to ${user}@${route.host}:${route.port}`, (step) =>
      communicatorOf(way, { key: ownKey, password, user, route }, { job, step, signal }),
    )
    const working = watchInstance(job, instance.id, { mayStop, phase: 'working' })
    const facts = {
      host: route.host,
      port: route.port,
      user,
      machineId: instance.id,
      instanceType: instance.type,
      availabilityZone: instance.zone,
      ...(way.communicator === 'winrm' && password !== undefined && { winrmPassword: reveal(password) }),
    }
    return { machine: watchedMachine(machine, working, () => tunnel?.close()), watch: working, facts }
  } catch (error) {
    tunnel?.close()
    throw isImagoError(error, 'DEFINITION_INVALID') ? error : await connecting.explain(error)
  } finally {
    connecting.stop()
  }
}

/** What to log in with, and where. */
interface Login {
  readonly user: string
  readonly key: SshKey | undefined
  readonly password: string | Secret | undefined
  readonly route: { readonly host: string; readonly port: number }
}

async function communicatorOf(
  way: WayIn,
  { user, key, password, route: { host, port } }: Login,
  { job: { ctx }, step, signal }: { readonly job: Job; readonly step: StepContext; readonly signal: AbortSignal },
): Promise<Communicator> {
  const context = { ...ctx, emit: step.emit, signal }
  // without one, Windows' own has been waited for
  if (way.communicator === 'winrm')
    return await winrmCommunicator({ ...winrmAccess(way), user, password: password ?? '', host, port }, context)
  const login = { ...(key !== undefined && { key }), ...(password !== undefined && { password }) }
  return await sshCommunicator({ ...sshAccess(way), ...login, user, host, port }, context)
}

async function openTunnel(job: Job, instanceId: string, way: WayIn, signal: AbortSignal): Promise<SessionTunnel> {
  const settings = way.communicator === 'winrm' ? {} : way.sessionManager
  return await openSessionTunnel(job, instanceId, { ...settings, remotePort: portOf(way) }, signal)
}
