import type { Issue } from '@imago/core'

import type { BootStep } from './boot-step.ts'
import type { WaitForScreen, WaitForText } from './boot-wait.ts'
import { parseKeys } from './parse-keys.ts'

/**
 * What is typed, in order. Text is typed as it stands, but for keys in angle brackets:
 *
 * - `<enter>` (or `<return>`), `<esc>`, `<tab>`, `<spacebar>`, `<bs>`, `<del>`, `<insert>`, `<home>`, `<end>`, `<pageUp>`, `<pageDown>`, `<up>`,
 *   `<down>`, `<left>`, `<right>`, `<menu>`, `<f1>` to `<f12>`, `<leftShift>`, `<leftCtrl>`, `<leftAlt>`, `<leftSuper>` and the same on the right;
 *   capitals do not matter.
 * - With `On` it goes down, with `Off` up: `<leftCtrlOn>c<leftCtrlOff>`, also `<cOn>`.
 * - `<wait>` waits a second, `<wait10>` ten, `<wait1m30s>` and `<wait500ms>` so long.
 * - `<lt>` types a `<`, where what follows would be taken for a key.
 *
 * A line break is `<enter>`, a tab is `<tab>`. The guest is taken to have a US keyboard.
 */
export type BootCommand = string | readonly (string | WaitForText | WaitForScreen)[]

/** A boot command, taken apart. */
export interface ParsedBootCommand {
  readonly steps: readonly BootStep[]
  /** Every problem, with paths from the command on. What is between them has been parsed. */
  readonly issues: readonly Issue[]
}

/** Takes a boot command apart. Never throws on text. */
export function parseBootCommand(command: BootCommand): ParsedBootCommand {
  const elements =
    typeof command === 'string' ? [{ element: command, path: [] }] : command.map((element, index) => ({ element, path: [index] }))
  const parsed = elements.map(({ element, path }): ParsedBootCommand => {
    if (typeof element !== 'string') return { steps: [element], issues: [] }
    const { steps, issues } = parseKeys(element)
    return { steps, issues: issues.map((issue) => ({ path, ...issue })) }
  })
  return { steps: parsed.flatMap(({ steps }) => steps), issues: parsed.flatMap(({ issues }) => issues) }
}
