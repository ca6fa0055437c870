import type { OnError, StepFailure } from '@imago/core'
import { stepTitle } from '@imago/report/text'

import type { KeyInput } from './host.ts'

/** What {@link askOnError} needs. */
export interface AskOptions {
  readonly keys: KeyInput
  /** Shows the question until it is answered. */
  readonly show: (question: string | undefined) => void
  /** Ctrl-C was pressed. */
  readonly interrupt: () => void
}

const answers = { c: 'cleanup', a: 'abort', r: 'retry' } as const
const ctrlC = '\u0003'

/** An `onError` that asks on the terminal, one question at a time when several builds fail. */
export function askOnError(options: AskOptions): Extract<OnError, (...args: never[]) => unknown> {
  let last: Promise<unknown> = Promise.resolve()
  return (failure, signal) => {
    const answer = last.then(() => ask(failure, signal, options))
    last = answer.catch(() => undefined)
    return answer
  }
}

async function ask(
  failure: StepFailure,
  signal: AbortSignal,
  { keys, show, interrupt }: AskOptions,
): Promise<'cleanup' | 'abort' | 'retry'> {
  const what = `${failure.image}.${failure.build}: ${failure.error.message.split('\n', 1).join('')} (${stepTitle(failure.step)})`
  show(`${what}\n[c]lean up, [a]bort and leave everything as it is, or [r]etry the step?`)
  try {
    while (!signal.aborted) {
      for (const key of await keys.read(signal)) {
        if (key === ctrlC) interrupt()
        const answer = Object.entries(answers).find(([letter]) => letter === key.toLowerCase())?.[1]
        if (answer !== undefined) return answer
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    show(undefined)
  }
  return 'cleanup'
}
