import type { StepContext } from '@imago/core'
import { ImagoError, milliseconds, timeLimit, wait } from '@imago/core'

import type { BootStep, KeyStep } from './boot-step.ts'
import type { WaitForScreen, WaitForText } from './boot-wait.ts'
import { awaitedPattern } from './boot-wait.ts'
import type { Key, KeyEvent } from './key.ts'
import type { Screen } from './screen.ts'
import { awaitScreen } from './await-screen.ts'
import type { SerialConsole } from './serial-console.ts'

const defaultTimeout = '2m'

/** The machine's keyboard. */
export interface Keyboard {
  /**
   * Lets keys go down and up, in this order and at once. Resolves when the guest has read them, where the hypervisor can tell (QEMU: port
   * 0x64), so that none is lost when the guest is slow; after a while, or where it cannot tell, when the hypervisor has taken them.
   */
  send(events: readonly KeyEvent[], signal: AbortSignal): Promise<void>
  /** How many characters or keys it best takes at once: telling the hypervisor may take long. @default 1 */
  readonly keysAtOnce?: number
}

/** The machine that is typed at. */
export interface TypingOptions extends Pick<StepContext, 'signal'> {
  readonly keyboard: Keyboard
  /** For waits for text. @default such waits fail with `UNSUPPORTED` */
  readonly serial?: SerialConsole
  /** For waits for a screen. @default such waits fail with `UNSUPPORTED` */
  readonly screen?: Screen
  /** Pictures to compare with are relative to this folder. */
  readonly directory: string
  /** Milliseconds to wait after each key. */
  readonly keyIntervalMs: number
}

/**
 * Types, and does the waits. No key stays down, however it ends.
 * @throws ImagoError as `typeBootCommand`
 */
export async function typeSteps(steps: readonly BootStep[], options: TypingOptions): Promise<void> {
  const held = new Set<Key>()
  try {
    for (const batch of batches(steps, options.keyboard.keysAtOnce ?? 1)) await perform(batch, held, options)
  } finally {
    const events = [...held].map((key) => ({ key, down: false }))
    // what typing failed with, or that the machine is gone, matters more
    if (events.length > 0) await options.keyboard.send(events, timeLimit(1000)).catch(() => undefined)
  }
}

/** Keys that are pressed one after the other, with nothing to wait for in between. */
interface KeyBatch {
  readonly type: 'batch'
  readonly keys: readonly KeyStep[]
}

/** Puts together what can be sent together. */
function* batches(steps: readonly BootStep[], size: number): Generator<KeyBatch | Exclude<BootStep, KeyStep>, void, void> {
  let keys: KeyStep[] = []
  for (const step of steps) {
    if (step.type === 'keys') keys.push(step)
    if (keys.length > 0 && (step.type !== 'keys' || keys.length === size)) {
      yield { type: 'batch', keys }
      keys = []
    }
    if (step.type !== 'keys') yield step
  }
  if (keys.length > 0) yield { type: 'batch', keys }
}

async function perform(step: KeyBatch | Exclude<BootStep, KeyStep>, held: Set<Key>, options: TypingOptions): Promise<void> {
  switch (step.type) {
    case 'batch':
      return await press(step, held, options)
    case 'wait':
      return await wait(step.ms, options.signal)
    case 'wait-for-text':
      return await awaitText(step, options)
    case 'wait-for-screen':
      return await lookAtScreen(step, options)
  }
}

async function press({ keys }: KeyBatch, held: Set<Key>, { keyboard, signal, keyIntervalMs }: TypingOptions): Promise<void> {
  // what may be down when sending fails is let go
  const mayBeDown = new Set(held)
  const sent = keys.flatMap(({ events }) => {
    const isStroke = events.length > 1
    // a shift that the command holds down stays down after a character that needs it too
    const wanted = isStroke && held.has('shift') ? events.filter(({ key }) => key !== 'shift') : events
    for (const { key, down } of wanted) {
      mayBeDown.add(key)
      if (down) held.add(key)
      else held.delete(key)
    }
    return wanted
  })
  const after = [...held]
  for (const key of mayBeDown) held.add(key)
  await keyboard.send(sent, signal)
  held.clear()
  for (const key of after) held.add(key)
  if (keyIntervalMs > 0) await wait(keyIntervalMs * keys.length, signal)
}

async function awaitText(step: WaitForText, { serial, signal }: TypingOptions): Promise<void> {
  if (serial === undefined) throw new ImagoError('UNSUPPORTED', `cannot wait for '${step.pattern}': the machine has no serial console`)
  await serial.waitFor({ pattern: awaitedPattern(step), timeoutMs: milliseconds(step.timeout ?? defaultTimeout), signal })
}

async function lookAtScreen(step: WaitForScreen, { screen, directory, signal }: TypingOptions): Promise<void> {
  if (screen === undefined) throw new ImagoError('UNSUPPORTED', `cannot wait for the screen '${step.reference}': the machine has none`)
  await awaitScreen(step, { screen, directory, timeoutMs: milliseconds(step.timeout ?? defaultTimeout), signal })
}
