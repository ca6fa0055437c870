import type { StepContext } from '@imago/core'
import { ImagoError, milliseconds, wait } from '@imago/core'

import type { BootStep, KeyStep } from './boot-step.ts'
import type { WaitForScreen, WaitForText } from './boot-wait.ts'
import { awaitedPattern } from './boot-wait.ts'
import type { Key, KeyEvent } from './key.ts'
import type { Screen } from './screen.ts'
import { awaitScreen } from './await-screen.ts'
import type { SerialConsole } from './serial-console.ts'

const defaultKeyIntervalMs = 10
const defaultTimeout = '2m'

/** The machine's keyboard. */
export interface Keyboard {
  /** Lets keys go down and up, in this order and at once. Resolves when the hypervisor has taken them. */
  send(events: readonly KeyEvent[], signal: AbortSignal): Promise<void>
}

/** What typing needs. */
export interface TypingOptions extends Pick<StepContext, 'signal'> {
  readonly keyboard: Keyboard
  /** For waits for text. @default such waits fail with `UNSUPPORTED` */
  readonly serial?: SerialConsole
  /** For waits for a screen. @default such waits fail with `UNSUPPORTED` */
  readonly screen?: Screen
  /** Pictures to compare with are relative to this folder. */
  readonly directory: string
  /** Milliseconds to wait after each key. @default 10 */
  readonly keyIntervalMs?: number
}

/**
 * Types a boot command that {@link parseBootCommand} has taken apart, and does its waits. No key stays down, however it ends.
 * @throws ImagoError `TIMEOUT` with what was seen last when a text or a screen does not come, `INPUT_MISSING` when a picture cannot be
 * read, what the keyboard and the screen throw, or as the signal says
 */
export async function typeBootCommand(steps: readonly BootStep[], options: TypingOptions): Promise<void> {
  const held = new Set<Key>()
  try {
    for (const step of steps) await perform(step, held, options)
  } finally {
    const events = [...held].map((key) => ({ key, down: false }))
    // what typing failed with, or that the machine is gone, matters more
    if (events.length > 0) await options.keyboard.send(events, AbortSignal.timeout(1000)).catch(() => undefined)
  }
}

async function perform(step: BootStep, held: Set<Key>, options: TypingOptions): Promise<void> {
  switch (step.type) {
    case 'keys':
      return await press(step, held, options)
    case 'wait':
      return await wait(step.ms, options.signal)
    case 'wait-for-text':
      return await awaitText(step, options)
    case 'wait-for-screen':
      return await lookAtScreen(step, options)
  }
}

async function press(
  { events }: KeyStep,
  held: Set<Key>,
  { keyboard, signal, keyIntervalMs = defaultKeyIntervalMs }: TypingOptions,
): Promise<void> {
  const [only] = events
  const isHold = events.length === 1 && only !== undefined
  // a key that the command holds stays down also when a character needs it: shift
  await keyboard.send(isHold ? events : events.filter(({ key }) => !held.has(key)), signal)
  if (isHold && only.down) held.add(only.key)
  if (isHold && !only.down) held.delete(only.key)
  if (keyIntervalMs > 0) await wait(keyIntervalMs, signal)
}

async function awaitText(step: WaitForText, { serial, signal }: TypingOptions): Promise<void> {
  if (serial === undefined) throw new ImagoError('UNSUPPORTED', `cannot wait for '${step.pattern}': the machine has no serial console`)
  await serial.waitFor({ pattern: awaitedPattern(step), timeoutMs: milliseconds(step.timeout ?? defaultTimeout), signal })
}

async function lookAtScreen(step: WaitForScreen, { screen, directory, signal }: TypingOptions): Promise<void> {
  if (screen === undefined) throw new ImagoError('UNSUPPORTED', `cannot wait for the screen '${step.reference}': the machine has none`)
  await awaitScreen(step, { screen, directory, timeoutMs: milliseconds(step.timeout ?? defaultTimeout), signal })
}
