import type { Issue, PreflightContext } from '@imago/core'
import { isImagoError } from '@imago/core'

import { hasTpm } from './has-tpm.ts'
import { firmwareFiles } from './machine-firmware.ts'
import type { QemuOptions } from './qemu-options.ts'
import { runTool, swtpmHint } from './run-tool.ts'
import { systemProgram } from './system-program.ts'

/** Whether QEMU's programs, the firmware and the TPM's emulator are there. */
export async function preflight(options: QemuOptions, { directory, signal }: PreflightContext): Promise<readonly Issue[]> {
  const { programs = {} } = options
  const found = await Promise.all([
    missing(['programs', 'system'], () => runTool([systemProgram(options), '--version'], { signal })),
    missing(['programs', 'img'], () => runTool([programs.img ?? 'qemu-img', '--version'], { signal })),
    missing(['firmware'], () => firmwareFiles(options, directory)),
    ...(hasTpm(options) ? [missing(['tpm'], () => runTool(['swtpm', '--version'], { signal, hint: swtpmHint }))] : []),
  ])
  return found.flat()
}

async function missing(path: Issue['path'], look: () => Promise<unknown>): Promise<Issue[]> {
  try {
    await look()
    return []
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    return [{ path, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }]
  }
}
