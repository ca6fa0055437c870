import type { Image, OnError, OnErrorAnswer, StepFailure } from '@imago/core'
import { isImage, messageOf } from '@imago/core'
import { stepTitle } from '@imago/report/text'

import type { KeyInput } from './host.ts'

/** What {@link askOnError} needs. */
export interface AskOptions {
  readonly keys: KeyInput
  /** Shows the question until it is answered. */
  readonly show: (question: string | undefined) => void
  /** Ctrl-C was pressed. */
  readonly interrupt: () => void
  /** The image as its file defines it now. @throws ImagoError when the definition cannot be used */
  readonly reload: (image: string) => Promise<Image>
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

async function ask(failure: StepFailure, signal: AbortSignal, { keys, show, interrupt, reload }: AskOptions): Promise<OnErrorAnswer> {
  const what = `${failure.image}.${failure.build}: ${failure.error.message.split('\n', 1).join('')} (${stepTitle(failure.step)})`
  const canBeEdited = failure.step.kind === 'provisioner'
  const question = `[c]lean up, [a]bort and leave everything as it is, or [r]etry the step${canBeEdited ? ', as the definition says now' : ''}?`
  show(`${what}\n${question}`)
  try {
    while (!signal.aborted) {
      for (const key of await keys.read(signal)) {
        if (key === ctrlC) interrupt()
        const answer = Object.entries(answers).find(([letter]) => letter === key.toLowerCase())?.[1]
        if (answer !== 'retry' || !canBeEdited) {
          if (answer !== undefined) return answer
          continue
        }
        const edited = await reload(failure.image).catch((error: unknown) => error)
        if (isImage(edited)) return { retryWith: edited }
        show(`the definition cannot be used: ${messageOf(edited)}\n${question}`)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    show(undefined)
  }
  return 'cleanup'
}
