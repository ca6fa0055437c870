import type { Screen } from './screen.ts'
import type { PowerSwitch } from './shut-down.ts'
import type { Keyboard } from './type-steps.ts'
import type { Fate } from './watched-machine.ts'

/** A virtual machine that a build works in. */
export interface VirtualMachine extends Fate, Keyboard, PowerSwitch, Screen {
  /** As its hypervisor calls it. */
  readonly name: string
  /** From now on it is no loss when the machine goes off. */
  expectEnd(): void
  /** Writes a picture of the screen. @returns its path: `base` with the ending of its format */
  saveScreen(base: string, signal: AbortSignal): Promise<string>
  /** Looks after it no more; the machine goes on. */
  close(): void
}
