import { isImagoError } from '@imago/core'

import type { Entered } from './connect-when-ready.ts'
import { isGone, isTooMany, WinrmFault } from './fault.ts'
import { orAborted } from './or-aborted.ts'
import type { ShellCommand, ShellPlace } from './remote-shell.ts'
import { RemoteShell } from './remote-shell.ts'
import type { WinrmClient } from './winrm-client.ts'

/** How many shells are kept for further commands: machines allow five of a user at least. */
const maxIdle = 2

interface Idle {
  readonly key: string
  readonly shell: RemoteShell
}

/** The shells of a machine: as many as there are commands at once, and few that are kept for the next ones of the same place. */
export class ShellPool {
  readonly #client: WinrmClient
  readonly #inputBytes: number
  #idle: Idle[]
  /** Shells that something may still run in, since the connection broke. */
  readonly #lost: RemoteShell[] = []
  /** The connection broke, and whatever is to be done next must wait until the machine lets us in again. */
  isBroken = false

  constructor(client: WinrmClient, { shell, inputBytes }: Entered) {
    this.#client = client
    this.#inputBytes = inputBytes
    this.#idle = [{ key: keyOf({ env: {}, cwd: undefined }), shell }]
  }

  /** How much input a command takes at once, in bytes. */
  get inputBytes(): number {
    return this.#inputBytes
  }

  /** Runs a command. @returns its exit code */
  async run(line: string, place: ShellPlace, command: ShellCommand): Promise<number> {
    const { shell, id } = await this.#begin(line, place, command.signal)
    try {
      return await shell.finish(id, command)
    } catch (error) {
      if (isImagoError(error, 'NETWORK')) this.#lost.push(shell)
      throw error
    } finally {
      if (shell.isUsable) await this.#keep({ key: keyOf(place), shell })
    }
  }

  /** Ends the shells, with what still runs in those that a connection was lost to. */
  async close(): Promise<void> {
    const shells = [...this.#idle.splice(0).map(({ shell }) => shell), ...this.#lost.splice(0)]
    await Promise.all(shells.map((shell) => shell.close()))
  }

  /** Begins a command in a shell: one that is kept, or a new one where there is none, it is gone, or has run too many. */
  async #begin(line: string, place: ShellPlace, signal: AbortSignal): Promise<{ readonly shell: RemoteShell; readonly id: string }> {
    const kept = this.#take(keyOf(place))
    if (kept !== undefined) {
      try {
        return { shell: kept, id: await this.#beginIn(kept, line, signal) }
      } catch (error) {
        if (!(error instanceof WinrmFault) || (!isGone(error.fault) && !isTooMany(error.fault))) throw error
      }
    }
    const shell = await this.#create(place, signal)
    return { shell, id: await this.#beginIn(shell, line, signal) }
  }

  /** A shell that does not take a command is closed, with the command if that has begun after all. */
  async #beginIn(shell: RemoteShell, line: string, signal: AbortSignal): Promise<string> {
    try {
      return await shell.begin(line, signal)
    } catch (error) {
      if (isImagoError(error, 'NETWORK')) this.#lost.push(shell)
      else await shell.close()
      throw error
    }
  }

  async #create(place: ShellPlace, signal: AbortSignal): Promise<RemoteShell> {
    try {
      return await this.#open(place, signal)
    } catch (error) {
      if (this.#idle.length === 0 || !(error instanceof WinrmFault && isTooMany(error.fault))) throw error
      await this.close()
      return await this.#open(place, signal)
    }
  }

  /** Opens a shell. One that is on its way when the signal is aborted is closed as soon as it is there. */
  async #open(place: ShellPlace, signal: AbortSignal): Promise<RemoteShell> {
    const opening = RemoteShell.create(this.#client, place, this.#inputBytes, new AbortController().signal)
    try {
      return await orAborted(opening, signal)
    } catch (error) {
      void opening.then((shell) => shell.close()).catch(() => undefined) // it has not come about
      throw error
    }
  }

  #take(key: string): RemoteShell | undefined {
    const index = this.#idle.findLastIndex((idle) => idle.key === key && idle.shell.isUsable)
    return index === -1 ? undefined : this.#idle.splice(index, 1)[0]?.shell
  }

  async #keep(idle: Idle): Promise<void> {
    this.#idle.push(idle)
    if (this.#idle.length > maxIdle) await this.#idle.shift()?.shell.close()
  }
}

function keyOf({ env, cwd }: ShellPlace): string {
  return JSON.stringify([cwd ?? null, Object.entries(env)])
}
