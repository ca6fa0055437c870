import { ImagoError, messageOf } from '@imago/core'

import type { SignalName } from './exit-code.ts'
import { exitCodeOfSignal } from './exit-code.ts'
import type { Host } from './host.ts'

/** A run that signals can cancel. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** The first signal, once there was one. */
  readonly received: SignalName | undefined
  /** Does what Ctrl-C does, where the terminal hands the key over instead of sending a signal. */
  interrupt(): void
}

/** What is done on signals. */
export interface InterruptionOptions {
  /** The first signal: the run is being cancelled. */
  readonly onCancel: (message: string) => void
  /** A further one: the process is about to end. */
  readonly onExit: (message: string) => void
}

/**
 * One Ctrl-C may arrive twice: the terminal sends it to every process of the job, and `npm` and `npx` send it on to what they started.
 * A signal that follows the first one within so many milliseconds is the same one.
 */
const sameSignalMs = 300

/**
 * Lets the first SIGINT, SIGTERM or SIGHUP cancel a run, and the next one end the process at once. An error that nobody waits for (of a
 * plugin's own timers and streams) cancels the run too, instead of ending the process with its machines still there.
 */
export function interruptible(host: Pick<Host, 'onSignal' | 'onCrash' | 'exit'>, { onCancel, onExit }: InterruptionOptions): Interruption {
  const controller = new AbortController()
  let first: { readonly name: SignalName; readonly at: number } | undefined
  const receive = (name: SignalName): void => {
    if (first === undefined) {
      first = { name, at: Date.now() }
      onCancel(name === 'SIGINT' ? 'cancelling; press Ctrl-C again to exit at once' : `${name}: cancelling; send it again to exit at once`)
      controller.abort(new ImagoError('CANCELLED', `cancelled by ${name}`))
      return
    }
    if (name === first.name && Date.now() - first.at < sameSignalMs) return
    onExit("exited at once; 'imago sweep' removes what is left")
    host.exit(exitCodeOfSignal(name))
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const crash = (error: unknown): void => {
    onCancel(`${messageOf(error)}, and nobody was waiting for it; cancelling\n${error instanceof Error ? error.stack : ''}`)
    controller.abort(new ImagoError('CANCELLED', messageOf(error), { cause: error }))
  }
  const stops = [...names.map((name) => host.onSignal(name, () => receive(name))), host.onCrash(crash)]
  return {
    signal: controller.signal,
    get received() {
      return first?.name
    },
    interrupt: () => receive('SIGINT'),
    [Symbol.dispose]: () => {
      for (const stop of stops) stop()
    },
  }
}
