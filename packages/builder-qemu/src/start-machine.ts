import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { ImagoError, isImagoError, messageOf, wait } from '@imago/core'
import type { SerialConsole } from '@imago/hypervisor'

import { machineArguments } from './machine-arguments.ts'
import type { DetachedProcess, ProcessEnd } from './machine-process.ts'
import { startDetached } from './machine-process.ts'
import { tpmControl, tpmSocket } from './machine-processes.ts'
import { makeMachineFolder } from './machine-resource.ts'
import type { MachineSpec } from './machine-spec.ts'
import { QmpClient } from './qmp-client.ts'
import { RunningMachine } from './running-machine.ts'

/** How long QEMU, and the emulator of the TPM, may take until they answer, in milliseconds. */
const answerMs = 30_000

/** How long QEMU may have ended before it is known that the emulator of the TPM has, in milliseconds. */
const tpmEndMs = 500

/** What starting a machine needs. */
export interface LaunchOptions {
  /** QEMU's program. */
  readonly program: string
  /** Everything about the machine but its sockets. */
  readonly spec: Omit<MachineSpec, 'sockets'>
  /** The folder of its sockets, which is made. */
  readonly folder: string
  readonly labels: Readonly<Record<string, string>>
  /** The folder where the TPM keeps its state. @default the machine has no TPM */
  readonly tpmState?: string | undefined
  readonly signal: AbortSignal
}

/** QEMU's process, which may turn out to have refused its options. */
export interface LaunchedMachine {
  readonly name: string
  readonly process: DetachedProcess
  readonly sockets: MachineSpec['sockets']
  readonly folder: string
  /** The emulator of its TPM, where it has one. */
  readonly tpm?: DetachedProcess
}

/**
 * Starts QEMU, and before it the emulator of the TPM.
 * @throws ImagoError `TOOL_MISSING`, `PROVIDER_FAILED`, or as the signal says. What it has started is then for the resource to remove.
 */
export async function launchMachine({ program, spec, folder, labels, tpmState, signal }: LaunchOptions): Promise<LaunchedMachine> {
  const { name } = spec
  await makeMachineFolder(folder, name, labels)
  const tpm = tpmState === undefined ? undefined : await startTpm(tpmState, spec, { folder, signal })
  const sockets = {
    qmp: join(folder, 'qmp'),
    serial: join(folder, 'serial'),
    ...(tpmState !== undefined && { tpm: tpmSocket(folder) }),
  }
  const process = await startDetached([program, ...machineArguments({ ...spec, sockets })], join(folder, 'qemu.log'))
  return { name, process, sockets, folder, ...(tpm !== undefined && { tpm }) }
}

/**
 * Waits until QEMU answers. The machine itself is paused.
 * @param serial takes what the guest says on its serial port
 * @throws ImagoError `PROVIDER_FAILED` with QEMU's own words when it has refused to start, `PROVIDER_UNAVAILABLE` when a port is taken, or
 * as the signal says
 */
export async function attachMachine(launched: LaunchedMachine, serial: SerialConsole, signal: AbortSignal): Promise<RunningMachine> {
  const { name, process, sockets, folder } = launched
  try {
    const monitor = await openMonitor(launched, signal)
    await readSerial(sockets.serial, serial)
    return new RunningMachine({ name, process, monitor, folder })
  } catch (error) {
    process.leave()
    throw error
  }
}

/** Connects as soon as QEMU listens. It does so before it has looked at all of its options. */
async function openMonitor({ process, tpm, sockets: { qmp } }: LaunchedMachine, signal: AbortSignal): Promise<QmpClient> {
  const refused = process.ended.then(async (end) => Promise.reject((await tpmFailure(tpm)) ?? refusal(end)))
  return await untilDone(refused, signal, async (limit) => await QmpClient.connect(qmp, limit).catch(unlessUnavailable))
}

function unlessUnavailable(error: unknown): undefined {
  if (!isImagoError(error, 'PROVIDER_UNAVAILABLE') && !isImagoError(error, 'MACHINE_LOST')) throw error
}

/** Starts the emulator of a TPM, which ends with QEMU. Its socket is there before it has looked at what it is to work with. */
async function startTpm(
  state: string,
  { hasOldTpm = false }: LaunchOptions['spec'],
  { folder, signal }: Pick<LaunchOptions, 'folder' | 'signal'>,
): Promise<DetachedProcess> {
  const version = hasOldTpm ? [] : ['--tpm2']
  const path = [state, folder].find((each) => each.includes(','))
  if (path !== undefined) {
    throw new ImagoError('UNSUPPORTED', `the TPM does not start: swtpm takes no path with a comma, '${path}'`, {
      hint: 'build in a folder without one; TMPDIR says where temporary files are',
    })
  }
  const command = ['swtpm', 'socket', ...version, '--tpmstate', `dir=${state}`, '--ctrl', tpmControl(folder), '--terminate']
  const process = await startDetached(command, join(folder, 'swtpm.log'))
  const refused = process.ended.then((end) => Promise.reject(tpmRefusal(end)))
  const look = async (): Promise<object | undefined> => await stat(tpmSocket(folder)).catch(() => undefined) // not yet
  await untilDone(refused, signal, look).finally(() => process.leave())
  return process
}

function tpmRefusal({ exitCode, words }: ProcessEnd): ImagoError {
  return new ImagoError('PROVIDER_FAILED', `the TPM does not start: ${words || `swtpm ended with ${exitCode}`}`)
}

/** Why the TPM has ended, where that is why QEMU has; `undefined` when it goes on, or ended because QEMU did. */
async function tpmFailure(tpm: DetachedProcess | undefined): Promise<ImagoError | undefined> {
  const end = await Promise.race([tpm?.ended, delay(tpmEndMs, undefined, { ref: false })])
  return end === undefined || end.exitCode === 0 ? undefined : tpmRefusal(end)
}

/** Tries, more and more slowly, until there is a result, or the program that is tried has ended. */
async function untilDone<T extends object>(
  refused: Promise<never>,
  signal: AbortSignal,
  attempt: (limit: AbortSignal) => Promise<T | undefined>,
): Promise<T> {
  const over = new AbortController()
  const limit = AbortSignal.any([signal, over.signal])
  const deadline = performance.now() + answerMs
  const tries = async (): Promise<T> => {
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
      const result = await attempt(limit)
      if (result !== undefined) return result
      if (performance.now() > deadline)
        throw new ImagoError('PROVIDER_FAILED', `what was started does not answer after ${answerMs / 1000} s`)
      await wait(pauseMs, limit)
    }
  }
  refused.catch(() => undefined) // later it ends with the machine
  try {
    return await Promise.race([tries(), refused])
  } finally {
    over.abort()
  }
}

/** Reads the guest's serial port for as long as QEMU runs. */
async function readSerial(path: string, serial: SerialConsole): Promise<void> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
  } catch (cause) {
    throw new ImagoError('PROVIDER_FAILED', `the serial port of the machine cannot be read: ${messageOf(cause)}`, { cause })
  }
  socket.on('data', (chunk: Uint8Array) => serial.write(chunk))
  socket.on('error', () => undefined) // it ends with the machine
  socket.unref()
}

function refusal({ exitCode, signal, words }: ProcessEnd): ImagoError {
  const said = words || (signal === undefined ? `exit code ${exitCode}` : `it was killed by ${signal}`)
  if (/host forwarding rule|Address already in use/.test(words)) {
    return new ImagoError('PROVIDER_UNAVAILABLE', `QEMU does not start: ${said}`, {
      hint: 'another program listens at that port: end it, or leave out the port, and a free one is taken',
    })
  }
  return new ImagoError('PROVIDER_FAILED', `QEMU does not start: ${said}`, {
    hint: 'these are its own words; check the options that they are about, qemuArgs first',
  })
}
