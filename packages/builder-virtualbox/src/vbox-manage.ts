import { wait } from '@imago/core'
import { runProgram } from '@imago/hypervisor'

import { isChanging, isLocked, manageError } from './manage-error.ts'
import type { VirtualBox } from './virtualbox.ts'

/** The program of VirtualBox that is run where none is named. */
export const defaultProgram = 'VBoxManage'

const hint = "install VirtualBox 7 (https://www.virtualbox.org/wiki/Downloads), or name its program with 'program'"

/** How long a machine may stay locked, in milliseconds: for about a second after it went off, it is still locked by what ran it. */
const lockedMs = 15_000

/** VirtualBox of this machine. A command that finds its machine locked by another one is tried again for a while. */
export function vboxManage(program: string = defaultProgram): VirtualBox {
  return {
    async manage(command, options) {
      const deadline = performance.now() + lockedMs
      for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
        const { exitCode, stdout, stderr } = await runProgram([program, ...command], { ...options, hint })
        if (exitCode === 0) return stdout
        const mayPass = isLocked(stderr) || isChanging(command, stderr)
        if (!mayPass || performance.now() > deadline) throw manageError(command, { exitCode, stderr })
        await wait(pauseMs, options.signal)
      }
    },
  }
}
