import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { JsonObject } from '@imago/core'
import { abortError, ImagoError, isImagoError } from '@imago/core'
import type { KeyEvent, VirtualMachine } from '@imago/hypervisor'

import type { DetachedProcess, ProcessEnd } from './machine-process.ts'
import type { QmpClient } from './qmp-client.ts'
import type { QmpEvent } from './qmp-message.ts'
import { textMember } from './qmp-message.ts'

/** What a machine is told and asked through. */
export type Monitor = Pick<QmpClient, 'execute' | 'onEvent' | 'close'>

/** What a {@link RunningMachine} is made of. */
export interface MachineParts {
  readonly name: string
  readonly process: DetachedProcess
  readonly monitor: Monitor
  /** A folder for temporary files. */
  readonly folder: string
}

/** A virtual machine that QEMU runs. */
export class RunningMachine implements VirtualMachine {
  readonly #parts: MachineParts
  readonly #lost = new AbortController()
  readonly #restartListeners = new Set<() => void>()
  /** Calls `listener` when the guest restarts. @returns ends that */
  readonly onRestart = (listener: () => void): (() => void) => {
    this.#restartListeners.add(listener)
    return () => void this.#restartListeners.delete(listener)
  }
  #shutdownReason: string | undefined
  /** Why it stands still for good. */
  #standstill: ImagoError | undefined
  #mayEnd = false

  constructor(parts: MachineParts) {
    this.#parts = parts
    parts.monitor.onEvent((event) => this.#notice(event))
    void parts.process.ended.then((end) => {
      if (!this.#mayEnd) this.#lost.abort(this.#lossError(end))
    })
  }

  get name(): string {
    return this.#parts.name
  }

  /** What QEMU is told and asked through. */
  get monitor(): Monitor {
    return this.#parts.monitor
  }

  get pid(): number {
    return this.#parts.process.pid
  }

  /** Aborted when the machine is gone, or stands still for good, while it should run; the reason is an ImagoError. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** From now on it is no loss when the machine goes off. */
  expectEnd(): void {
    this.#mayEnd = true
  }

  /** Lets the machine go on: it has been started paused. */
  async powerOn(signal: AbortSignal): Promise<void> {
    await this.#parts.monitor.execute('cont', {}, signal)
  }

  /** The port of this machine that leads to a TCP port of the guest. */
  async forwardedPort(guestPort: number, signal: AbortSignal): Promise<number> {
    const listed = await this.#parts.monitor.execute('human-monitor-command', { 'command-line': 'info usernet' }, signal)
    const port = forwardedPort(typeof listed === 'string' ? listed : '', guestPort)
    if (port !== undefined) return port
    throw new ImagoError('PROVIDER_FAILED', `QEMU forwards no port to port ${guestPort} of the guest`)
  }

  /** Where a VNC client can see the machine: `127.0.0.1:5901`. */
  async vncAddress(signal: AbortSignal): Promise<string> {
    const info = await this.#parts.monitor.execute('query-vnc', {}, signal)
    return `${textMember(info, 'host')}:${textMember(info, 'service')}`
  }

  /** Sets what VNC clients are asked for; until then they are let in by none. */
  async setVncPassword(password: string, signal: AbortSignal): Promise<void> {
    await this.#parts.monitor.execute('set_password', { protocol: 'vnc', password }, signal)
  }

  async send(events: readonly KeyEvent[], signal: AbortSignal): Promise<void> {
    const keys = events.map(({ key, down }) => ({ type: 'key', data: { down, key: { type: 'qcode', data: key } } }))
    await this.#parts.monitor.execute('input-send-event', { events: keys }, signal)
  }

  async capture(signal: AbortSignal): Promise<Uint8Array> {
    const path = join(this.#parts.folder, `screen-${randomBytes(4).toString('hex')}.ppm`)
    try {
      await this.#parts.monitor.execute('screendump', { filename: path }, signal)
      return await readFile(path)
    } finally {
      await rm(path, { force: true })
    }
  }

  /** Writes a picture of the screen. @returns its path: with `.png` at the end, or `.ppm` where QEMU makes no PNG */
  async saveScreen(base: string, signal: AbortSignal): Promise<string> {
    try {
      await this.#parts.monitor.execute('screendump', { filename: `${base}.png`, format: 'png' }, signal)
      return `${base}.png`
    } catch (error) {
      if (!isImagoError(error, 'PROVIDER_FAILED')) throw error
      await this.#parts.monitor.execute('screendump', { filename: `${base}.ppm` }, signal) // before QEMU 7.1, or built without libpng
      return `${base}.ppm`
    }
  }

  async pressButton(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    await this.#parts.monitor.execute('system_powerdown', {}, signal).catch(unlessGone)
  }

  async waitUntilOff(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    const listening = new AbortController()
    const never = new Promise<never>((_, reject) => {
      const look = (): void => {
        if (this.#standstill !== undefined) reject(this.#standstill)
        if (signal.aborted) reject(abortError(signal))
      }
      look()
      for (const each of [signal, this.lost]) each.addEventListener('abort', look, { signal: listening.signal })
    })
    try {
      const end = await Promise.race([this.#parts.process.ended, never])
      // QEMU that crashes, or was ended by somebody else, cut off the power
      if (end.exitCode !== 0 || this.#shutdownReason === 'host-signal') throw this.#lossError(end)
    } finally {
      listening.abort()
    }
  }

  /** Ends QEMU, which writes to the disks what it has to. */
  async pullPlug(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    await this.#parts.monitor.execute('quit', {}, signal).catch(unlessGone)
    await this.waitUntilOff(signal)
  }

  /** Closes the connections; the machine goes on. */
  close(): void {
    this.expectEnd()
    this.#parts.monitor.close()
    this.#parts.process.leave()
  }

  #notice({ name, data }: QmpEvent): void {
    if (name === 'RESET') for (const listener of this.#restartListeners) listener()
    if (name === 'SHUTDOWN') this.#shutdownReason = textMember(data, 'reason')
    if (name === 'BLOCK_IO_ERROR' && (data['nospace'] === true || data['action'] === 'stop')) this.#standStill(this.#diskError(data))
    if (name === 'STOP' && this.#shutdownReason === undefined) void this.#checkStop()
  }

  #diskError(data: JsonObject): ImagoError {
    const { name } = this.#parts
    if (data['nospace'] !== true) {
      return new ImagoError('MACHINE_LOST', `QEMU cannot read or write a disk of ${name}: ${textMember(data, 'reason')}`)
    }
    return new ImagoError('DISK_FULL', `no space is left on this machine for the disks of ${name}`, {
      hint: 'free some space; the disks are in the folder for temporary files, .imago/work',
    })
  }

  /** A machine that QEMU stopped because it cannot run it does not go on. */
  async #checkStop(): Promise<void> {
    const status = await this.#parts.monitor.execute('query-status').catch(() => undefined) // it has ended: that is noticed as well
    if (textMember(status ?? null, 'status') !== 'internal-error') return
    this.#standStill(
      new ImagoError('MACHINE_LOST', `the processor of ${this.#parts.name} stopped with an internal error of the accelerator`, {
        hint: "try accelerator: 'tcg'",
      }),
    )
  }

  #standStill(why: ImagoError): void {
    this.#standstill ??= why
    this.#lost.abort(why)
  }

  #lossError({ exitCode, signal, words }: ProcessEnd): ImagoError {
    const { name } = this.#parts
    if (this.#shutdownReason?.startsWith('guest-shutdown') === true) {
      return new ImagoError('MACHINE_LOST', `the machine ${name} went off by itself in the middle of the build`, {
        hint: 'a step, or what is installed in the guest, shuts it down',
      })
    }
    const byItself = this.#shutdownReason === 'host-signal' ? 'a signal told it to' : `exit code ${exitCode}`
    const how = signal === undefined ? byItself : `it was killed by ${signal}`
    const said = words === '' ? '' : `: ${words}`
    return new ImagoError('MACHINE_LOST', `QEMU has ended in the middle of the build of ${name}, ${how}${said}`, {
      hint: 'look for who ended it: another program, or the system for lack of memory',
    })
  }
}

/** The machine is gone, which is what the command is for. */
function unlessGone(error: unknown): void {
  if (!isImagoError(error, 'MACHINE_LOST')) throw error
}

/** Reads QEMU's table of the user network: protocol, file, source address and port, destination address and port. */
export function forwardedPort(table: string, guestPort: number): number | undefined {
  const lines = table.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)/g)
  const found = [...lines].find((line) => Number(line[4]) === guestPort)
  return found === undefined ? undefined : Number(found[2])
}
