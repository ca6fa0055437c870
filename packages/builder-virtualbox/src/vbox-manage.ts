import { ImagoError, isImagoError, runLocal, wait } from '@imago/core'

import { isLocked, manageError } from './manage-error.ts'
import type { ManageOptions, VirtualBox } from './virtualbox.ts'

/** The program of VirtualBox that is run where none is named. */
export const defaultProgram = 'VBoxManage'

/** How long a machine may stay locked, in milliseconds: for about a second after it went off, it is still locked by what ran it. */
const lockedMs = 15_000

/** VirtualBox of this machine. A command that finds its machine locked by another one is tried again for a while. */
export function vboxManage(program: string = defaultProgram): VirtualBox {
  return {
    async manage(command, options) {
      const deadline = performance.now() + lockedMs
      for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
        const { exitCode, stdout, stderr } = await runOnce([program, ...command], options)
        if (exitCode === 0) return stdout
        if (!isLocked(stderr) || performance.now() > deadline) throw manageError(command, { exitCode, stderr })
        await wait(pauseMs, options.signal)
      }
    },
  }
}

interface Printed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

async function runOnce(command: readonly string[], { signal, onOutput }: ManageOptions): Promise<Printed> {
  const printed = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  try {
    const { exitCode } = await runLocal({
      command,
      signal,
      onOutput: (stream, chunk) => {
        printed[stream].push(Uint8Array.from(chunk))
        onOutput?.(stream, chunk)
      },
    })
    return { exitCode, stdout: Buffer.concat(printed.stdout).toString(), stderr: Buffer.concat(printed.stderr).toString() }
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    throw new ImagoError('TOOL_MISSING', `there is no program '${command[0] ?? ''}' on this machine`, {
      cause: error,
      hint: "install VirtualBox 7 (https://www.virtualbox.org/wiki/Downloads), or name its program with 'program'",
    })
  }
}
