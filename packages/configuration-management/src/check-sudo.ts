import { ImagoError } from '@imago/core'

import type { MachineCommand, MachineContext } from './run-command.ts'
import { runCommand } from './run-command.ts'

/**
 * Sees to it that commands can run as root, before anything is done: what an agent says without it is misleading.
 * @throws ImagoError `TOOL_MISSING` when there is no sudo for a user who is not root, `AUTHENTICATION_FAILED` when sudo refuses
 */
export async function checkSudo(sudo: MachineCommand['sudo'], ctx: MachineContext): Promise<void> {
  if (sudo === false) return
  const chunks: Uint8Array[] = []
  const onOutput: MachineCommand['onOutput'] = (_, chunk) => void chunks.push(Uint8Array.from(chunk))
  const exitCode = await runCommand({ argv: ['true'], sudo: sudo ?? true, onOutput }, ctx)
  if (exitCode === 0) return
  if (exitCode === 127) {
    throw new ImagoError('TOOL_MISSING', "there is no program 'sudo' in the machine, whose user is not root", {
      hint: 'log in as root, install sudo in an earlier step, or run without it: sudo: false',
    })
  }
  const said = Buffer.concat(chunks).toString('utf8').trim().split('\n').at(-1) || `exit code ${exitCode}`
  throw new ImagoError('AUTHENTICATION_FAILED', `the machine's user may not run commands as root: ${said}`, {
    hint: "give the password: sudo: { password: secret('…') }, or run without it: sudo: false",
  })
}
