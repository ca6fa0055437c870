import type { Issue, PreflightContext } from '@imago/core'
import { isImagoError } from '@imago/core'

import { machineInfo } from './machine-info.ts'
import { vboxManage } from './vbox-manage.ts'
import { virtualBoxVersion } from './version.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** Whether VirtualBox is there, and the machine to start from. */
export async function preflight(
  options: AnyOptions,
  { signal }: PreflightContext,
  box: VirtualBox = vboxManage(options.program),
): Promise<readonly Issue[]> {
  try {
    await virtualBoxVersion(box, signal)
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    return [{ path: ['program'], message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }]
  }
  if (options.kind !== 'vm' || (await machineInfo(box, options.vm, signal)) !== undefined) return []
  return [{ path: ['vm'], message: `VirtualBox has no machine '${options.vm}'`, hint: "see 'VBoxManage list vms'" }]
}
