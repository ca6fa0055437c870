import type { Facts, Issue } from '@imago/core'
import { formatPath, ImagoError, milliseconds, prefixIssues, resolveFacts, wait } from '@imago/core'

import { bootCommandIssues } from './boot-command-issues.ts'
import { parseBootCommand } from './boot-command.ts'
import type { BootStep } from './boot-step.ts'
import type { TypingOptions } from './type-steps.ts'
import { typeSteps } from './type-steps.ts'
import type { BootOptions } from './vm-options.ts'

const defaultWait = '10s'
const defaultKeyInterval = '10ms'

/** The machine that boots, and what is known of the build. */
export interface BootContext extends Omit<TypingOptions, 'keyIntervalMs'> {
  readonly facts: Facts
}

/**
 * Waits, and types the boot command, if there is one, of a machine that has just been started. No key stays down, however it ends.
 * @throws ImagoError `DEFINITION_INVALID` when a function of facts made a command with mistakes, `TIMEOUT` with what was seen last when a
 * text or a screen does not come, `INPUT_MISSING` when a picture cannot be read, `UNSUPPORTED` when the machine has no serial console or
 * screen to wait for, what the keyboard and the screen throw, or as the signal says
 */
export async function typeBootCommand(boot: BootOptions, ctx: BootContext): Promise<void> {
  if (boot.command === undefined) return await wait(milliseconds(boot.wait ?? 0), ctx.signal)
  const command = resolveFacts(boot.command, ctx.facts)
  const issues = bootCommandIssues(command)
  if (issues.length > 0) throw commandError(prefixIssues(['boot', 'command'], issues))
  const { steps } = parseBootCommand(command)
  await wait(milliseconds(boot.wait ?? (beginsWithWait(steps) ? 0 : defaultWait)), ctx.signal)
  await typeSteps(steps, { ...ctx, keyIntervalMs: milliseconds(boot.keyInterval ?? defaultKeyInterval) })
}

/** Whether there is something better to wait for than time. */
function beginsWithWait([first]: readonly BootStep[]): boolean {
  return first?.type === 'wait-for-text' || first?.type === 'wait-for-screen'
}

function commandError(issues: readonly Issue[]): ImagoError {
  const lines = issues.map(({ path, message, hint }) => `  ${formatPath(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
  return new ImagoError('DEFINITION_INVALID', `the boot command has mistakes:\n${lines.join('\n')}`, { issues })
}
