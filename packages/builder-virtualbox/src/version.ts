import { ImagoError } from '@imago/core'

import type { VirtualBox } from './virtualbox.ts'

/** The oldest version that builds work with: before it, guests could reach this machine without being let in, and options had other names. */
const oldest = 7

/** A version of VirtualBox. */
export interface VirtualBoxVersion {
  /** `7.2.22` */
  readonly number: string
  /** As VBoxManage says it: `7.2.22_Debianr174163`. */
  readonly full: string
}

/**
 * The version of VirtualBox, which may stand behind warnings about its kernel module.
 * @throws ImagoError `TOOL_MISSING` when VirtualBox is not there, or too old
 */
export async function virtualBoxVersion(box: VirtualBox, signal: AbortSignal): Promise<VirtualBoxVersion> {
  const printed = await box.manage(['--version'], { signal })
  const lines = printed.split('\n').map((line) => line.trim())
  const full = lines.findLast((line) => /^\d+\.\d+\.\d+\S*$/.test(line))
  if (full === undefined) throw new ImagoError('PROVIDER_FAILED', `VBoxManage does not tell its version: '${printed.trim()}'`)
  const number = /^\d+\.\d+\.\d+/.exec(full)?.[0] ?? full
  if (Number(number.split('.', 1)[0]) < oldest) {
    throw new ImagoError('TOOL_MISSING', `VirtualBox ${number} is too old`, { hint: `install VirtualBox ${oldest} or newer` })
  }
  return { number, full }
}
