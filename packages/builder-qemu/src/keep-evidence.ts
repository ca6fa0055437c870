import { copyFile, mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import type { BuildContext } from '@imago/core'

import type { QemuOptions } from './qemu-options.ts'
import { withoutEnding } from './result-paths.ts'
import type { RunningMachine } from './running-machine.ts'
import { writeError } from './write-outputs.ts'

/** How long a picture may take, in milliseconds: the machine may be in any state. */
const pictureMs = 5000

/**
 * Keeps what shows why a build failed, beside the result: a picture of the screen, when there still is one, and what the guest said on its
 * serial port. Never throws.
 * @returns the files
 */
export async function keepEvidence(machine: RunningMachine, options: QemuOptions, ctx: BuildContext): Promise<readonly string[]> {
  const { result, serialLog } = options
  const base = result.format === 'none' ? join(ctx.directory, ctx.build) : withoutEnding(resolve(ctx.directory, result.path))
  const kept: string[] = []
  try {
    await mkdir(dirname(base), { recursive: true })
    kept.push(await machine.saveScreen(`${base}-failed`, AbortSignal.timeout(pictureMs)))
  } catch {
    // the machine is gone, and its screen with it
  }
  const log = serialLog === undefined ? `${base}-failed.log` : resolve(ctx.directory, serialLog)
  try {
    if (await keepSerialLog(log, ctx)) kept.push(log)
  } catch {
    // no room for it: there are worse things to tell
  }
  if (kept.length > 0) ctx.emit({ type: 'message', level: 'warning', text: `kept for a look at what went wrong: ${kept.join(', ')}` })
  return kept
}

/**
 * Copies what the guest has said on its serial port.
 * @returns whether it has said anything
 * @throws ImagoError `OUTPUT_UNWRITABLE`, `DISK_FULL`
 */
export async function keepSerialLog(path: string, { workDirectory }: Pick<BuildContext, 'workDirectory'>): Promise<boolean> {
  const log = serialLogPath(workDirectory)
  const found = await stat(log).catch(() => undefined) // QEMU has never come so far
  if (found === undefined || found.size === 0) return false
  try {
    await mkdir(dirname(path), { recursive: true })
    await copyFile(log, path)
    return true
  } catch (error) {
    throw writeError(error, path)
  }
}

/** Where QEMU writes what the guest says on its serial port. */
export function serialLogPath(workDirectory: string): string {
  return join(workDirectory, 'serial.log')
}
