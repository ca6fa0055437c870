import { timeLimit, wait } from '@imago/core'
import type { ProgramResult } from '@imago/hypervisor'
import { runProgram } from '@imago/hypervisor'

import { isLocked, isQuestion, isUnanswered, manageError } from './manage-error.ts'
import type { ManageOptions, VirtualBox } from './virtualbox.ts'

/** The program of VirtualBox that is run where none is named. */
export const defaultProgram = 'VBoxManage'

const hint = "install VirtualBox 7 (https://www.virtualbox.org/wiki/Downloads), or name its program with 'program'"

/** How long a machine may stay locked, in milliseconds: for about a second after it went off, it is still locked by what ran it. */
const lockedMs = 15_000

/** How long a question is asked again that VirtualBox does not answer, in milliseconds: a busy computer may take long to start a machine. */
const askingMs = 60_000

/** How VBoxManage is run. */
export interface VBoxManageOptions {
  /** How long it has for the answer to a question, in milliseconds. @default 20_000 */
  readonly answerMs?: number
}

/**
 * VirtualBox of this machine. A command that finds its machine locked by another one is tried again for a while, and so is a question that
 * VirtualBox does not answer.
 */
export function vboxManage(program: string = defaultProgram, { answerMs = 20_000 }: VBoxManageOptions = {}): VirtualBox {
  return {
    async manage(command, options) {
      const began = performance.now()
      for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
        const result = await (isQuestion(command) ? ask([program, ...command], options, answerMs) : order([program, ...command], options))
        if (result.exitCode === 0) return result.stdout
        const patienceMs = isUnanswered(command, result) ? askingMs : isLocked(result.stderr) ? lockedMs : 0
        if (performance.now() - began >= patienceMs) throw manageError(command, result)
        await wait(pauseMs, options.signal)
      }
    },
  }
}

async function order(command: readonly string[], options: ManageOptions): Promise<ProgramResult> {
  return await runProgram(command, { ...options, hint })
}

async function ask(command: readonly string[], options: ManageOptions, answerMs: number): Promise<ProgramResult> {
  const limit = timeLimit(answerMs)
  try {
    return await order(command, { ...options, signal: AbortSignal.any([options.signal, limit]) })
  } catch (error) {
    if (options.signal.aborted || !limit.aborted) throw error
    return { exitCode: 137, stdout: '', stderr: `no answer within ${answerMs / 1000} seconds` }
  }
}
