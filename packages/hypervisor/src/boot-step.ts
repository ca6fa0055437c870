import type { WaitForScreen, WaitForText } from './boot-wait.ts'
import type { KeyEvent } from './key.ts'

/** What is done at once for a character or a key in angle brackets. */
export interface KeyStep {
  readonly type: 'keys'
  readonly events: readonly KeyEvent[]
}

/** A wait between keys. */
export interface WaitStep {
  readonly type: 'wait'
  /** Milliseconds. */
  readonly ms: number
}

/** One step of a boot command. */
export type BootStep = KeyStep | WaitStep | WaitForText | WaitForScreen
