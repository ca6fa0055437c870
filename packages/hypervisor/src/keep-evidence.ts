import { copyFile, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { StepContext } from '@imago/core'
import { timeLimit } from '@imago/core'

import type { VirtualMachine } from './virtual-machine.ts'
import { writeError } from './write-outputs.ts'

/** How long a picture may take, in milliseconds: the machine may be in any state. */
const pictureMs = 5000

/** What shows why a build failed, and where it goes. Absolute paths. */
export interface Evidence {
  /** The picture's path, without an ending. */
  readonly picture: string
  /** The file for what the guest said on its serial port. */
  readonly log: string
  /** Where the hypervisor writes what the guest says on its serial port. */
  readonly serial: string
}

/**
 * Keeps what shows why a build failed: a picture of the screen, when there still is one, and what the guest said on its serial port. Never
 * throws.
 * @returns the files
 */
export async function keepEvidence(
  machine: Pick<VirtualMachine, 'saveScreen'>,
  { picture, log, serial }: Evidence,
  { emit }: Pick<StepContext, 'emit'>,
): Promise<readonly string[]> {
  const kept: string[] = []
  try {
    await mkdir(dirname(picture), { recursive: true })
    kept.push(await machine.saveScreen(picture, timeLimit(pictureMs)))
  } catch {
    // the machine is gone, and its screen with it
  }
  try {
    if (await keepSerialLog(serial, log)) kept.push(log)
  } catch {
    // no room for it: there are worse things to tell
  }
  if (kept.length > 0) emit({ type: 'message', level: 'warning', text: `kept for a look at what went wrong: ${kept.join(', ')}` })
  return kept
}

/**
 * Copies what the guest has said on its serial port.
 * @returns whether it has said anything
 * @throws ImagoError `OUTPUT_UNWRITABLE`, `DISK_FULL`
 */
export async function keepSerialLog(serial: string, path: string): Promise<boolean> {
  const found = await stat(serial).catch(() => undefined) // the machine has never come so far
  if (found === undefined || found.size === 0) return false
  try {
    await mkdir(dirname(path), { recursive: true })
    await copyFile(serial, path)
    return true
  } catch (error) {
    throw writeError(error, path)
  }
}
