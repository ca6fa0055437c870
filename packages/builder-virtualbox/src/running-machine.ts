import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { abortError, ImagoError, isImagoError, wait } from '@imago/core'
import type { KeyEvent, VirtualMachine } from '@imago/hypervisor'
import { scancodes } from '@imago/hypervisor'

import { isOff, machineInfo } from './machine-info.ts'
import { pullPlug } from './machine-resource.ts'
import type { VirtualBox } from './virtualbox.ts'

/** How often the machine is looked at, in milliseconds: while it should run, and while it may go off at any moment. */
const defaultPollMs = { running: 1000, ending: 200 }

/** How long a guest that reads its keys slowly is given for those that VirtualBox had no room for, in milliseconds. */
const keyboardFullMs = 100

/** What a {@link RunningMachine} is made of. */
export interface MachineParts {
  readonly name: string
  readonly box: VirtualBox
  /** A folder for temporary files. */
  readonly folder: string
  /** The file that VirtualBox writes about the machine. */
  readonly log: string
  /** @default every second, and five times a second when it may go off */
  readonly pollMs?: { readonly running: number; readonly ending: number }
}

/** A virtual machine that VirtualBox runs. It is looked at again and again: VirtualBox says nothing of its own accord. */
export class RunningMachine implements VirtualMachine {
  /** Telling VBoxManage takes a tenth of a second. */
  readonly keysAtOnce = 16
  readonly #parts: MachineParts
  readonly #lost = new AbortController()
  readonly #closed = new AbortController()
  readonly #off: Promise<string>
  readonly #restartListeners = new Set<() => void>()
  #restarts = 0
  #mayEnd = false

  constructor(parts: MachineParts) {
    this.#parts = parts
    this.#off = this.#watch()
    this.#off.catch((error: unknown) => {
      if (!this.#closed.signal.aborted) this.#lost.abort(error)
    })
  }

  get name(): string {
    return this.#parts.name
  }

  /** Aborted when the machine is gone, or stands still for good, while it should run; the reason is an ImagoError. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborted when nobody looks at the machine any more. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Calls `listener` when the guest restarts. @returns ends that */
  readonly onRestart = (listener: () => void): (() => void) => {
    this.#restartListeners.add(listener)
    return () => void this.#restartListeners.delete(listener)
  }

  /** From now on it is no loss when the machine goes off. */
  expectEnd(): void {
    this.#mayEnd = true
  }

  async send(events: readonly KeyEvent[], signal: AbortSignal): Promise<void> {
    let codes = events.flatMap(scancodes).map((code) => code.toString(16).padStart(2, '0'))
    while (codes.length > 0) {
      try {
        await this.#control(['keyboardputscancode', ...codes], signal)
        return
      } catch (error) {
        const stored = isImagoError(error) ? /Only (\d+) scancodes were stored/.exec(error.message)?.[1] : undefined
        if (stored === undefined) throw error
        codes = codes.slice(Number(stored))
        await wait(keyboardFullMs, signal)
      }
    }
  }

  async capture(signal: AbortSignal): Promise<Uint8Array> {
    const path = join(this.#parts.folder, `screen-${randomBytes(4).toString('hex')}.png`)
    try {
      await this.#control(['screenshotpng', path], signal)
      return await readFile(path)
    } finally {
      await rm(path, { force: true })
    }
  }

  async saveScreen(base: string, signal: AbortSignal): Promise<string> {
    await this.#control(['screenshotpng', `${base}.png`], signal)
    return `${base}.png`
  }

  async pressButton(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    await this.#control(['acpipowerbutton'], signal).catch(unlessOff)
  }

  async waitUntilOff(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    const listening = new AbortController()
    const never = new Promise<never>((_, reject) => {
      const look = (): void => {
        if (this.lost.aborted) reject(abortError(this.lost))
        if (signal.aborted) reject(abortError(signal))
      }
      look()
      for (const each of [signal, this.lost]) each.addEventListener('abort', look, { signal: listening.signal })
    })
    try {
      const state = await Promise.race([this.#off, never])
      if (state !== 'poweroff') throw this.#lossError(state)
    } finally {
      listening.abort()
    }
  }

  async pullPlug(signal: AbortSignal): Promise<void> {
    this.expectEnd()
    await pullPlug(this.#parts.box, this.name, signal)
  }

  /** Looks at it no more; the machine goes on. */
  close(): void {
    this.expectEnd()
    this.#closed.abort()
  }

  async #control(command: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#parts.box.manage(['controlvm', this.name, ...command], { signal })
  }

  /** @returns the state in which it has ended */
  async #watch(): Promise<string> {
    const { box, name, pollMs = defaultPollMs } = this.#parts
    const { signal } = this.#closed
    for (;;) {
      const state = (await machineInfo(box, name, signal))?.get('VMState') ?? 'unregistered'
      if (isOff(state) || state === 'unregistered') {
        if (!this.#mayEnd) this.#lost.abort(this.#lossError(state))
        return state
      }
      const standstill = await this.#standstill(state)
      if (standstill !== undefined) this.#lost.abort(standstill)
      await this.#noticeRestarts()
      await wait(this.#mayEnd ? pollMs.ending : pollMs.running, signal)
    }
  }

  /** VirtualBox tells of restarts in its log alone. */
  async #noticeRestarts(): Promise<void> {
    const count = (await this.#readLog()).split("from 'RUNNING' to 'RESETTING'").length - 1
    if (count > this.#restarts) for (const listener of this.#restartListeners) listener()
    this.#restarts = count
  }

  async #readLog(): Promise<string> {
    return await readFile(this.#parts.log, 'latin1').catch(() => '') // it is not there yet
  }

  /** Why it does not go on, if so: VirtualBox pauses a machine for whose disks there is no room. */
  async #standstill(state: string): Promise<ImagoError | undefined> {
    const { name, log } = this.#parts
    if (state === 'gurumeditation') {
      return new ImagoError('MACHINE_LOST', `VirtualBox cannot run the machine ${name} any further (guru meditation)`, {
        hint: `see the end of ${log}`,
      })
    }
    if (state !== 'paused') return undefined
    if (!/DrvVD_DISKFULL|VERR_DISK_FULL/.test(await this.#readLog())) return undefined
    return new ImagoError('DISK_FULL', `no space is left on this machine for the disks of ${name}`, {
      hint: 'free some space; the disks are in the folder for temporary files, .imago/work',
    })
  }

  #lossError(state: string): ImagoError {
    const { name } = this.#parts
    switch (state) {
      case 'poweroff':
        return new ImagoError('MACHINE_LOST', `the machine ${name} went off by itself in the middle of the build`, {
          hint: 'a step, or what is installed in the guest, shuts it down; or somebody pulled its plug',
        })
      case 'unregistered':
        return new ImagoError('MACHINE_LOST', `the machine ${name} is not in VirtualBox any more`, { hint: 'look for who removed it' })
      default:
        return new ImagoError('MACHINE_LOST', `VirtualBox has ended the machine ${name} in the middle of the build: ${state}`, {
          hint: 'look for who ended its process: another program, or the system for lack of memory',
        })
    }
  }
}

/** The machine is off, which is what the button is for. */
function unlessOff(error: unknown): void {
  if (!isImagoError(error, 'PROVIDER_FAILED') || !/is not currently running/.test(error.message)) throw error
}
