import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { fileSystemError } from '@imago/core'

import type { FirmwareFiles } from './firmware.ts'
import { findFirmware } from './firmware.ts'
import type { FlashSpec } from './machine-spec.ts'
import type { Firmware, QemuOptions } from './qemu-options.ts'

/** The firmware that the options ask for. */
export function firmwareOf({ firmware, arch = 'x86_64' }: Pick<QemuOptions, 'firmware' | 'arch'>): Firmware {
  return firmware ?? (arch === 'x86_64' ? 'bios' : 'uefi')
}

/**
 * The files of the UEFI firmware that the options ask for; `undefined` for a BIOS, which QEMU brings, or which is a file.
 * @throws ImagoError `TOOL_MISSING` when there is none on this machine
 */
export async function firmwareFiles(
  options: Pick<QemuOptions, 'firmware' | 'arch'>,
  directory: string,
): Promise<FirmwareFiles | undefined> {
  const firmware = firmwareOf(options)
  const { arch = 'x86_64' } = options
  if (firmware === 'bios' || (typeof firmware === 'object' && firmware.bios !== undefined)) return undefined
  if (typeof firmware === 'string') return await findFirmware({ arch, secureBoot: firmware === 'uefi-secure' })
  const { code, vars, secureBoot = false } = firmware
  const files = { code: resolve(directory, code), vars: resolve(directory, vars) }
  return { ...files, codeFormat: formatOf(code), varsFormat: formatOf(vars), requiresSmm: secureBoot }
}

/** Gives the machine variables of its own, in the folder for temporary files. */
export async function makeFlash(files: FirmwareFiles, folder: string): Promise<FlashSpec> {
  const { code, codeFormat, varsFormat, requiresSmm } = files
  const vars = join(folder, 'nvram')
  await copyFile(files.vars, vars).catch((error: unknown) => {
    throw fileSystemError(error, `cannot copy the variables of the UEFI firmware, '${files.vars}'`)
  })
  return { code, codeFormat, vars, varsFormat, secure: requiresSmm }
}

function formatOf(path: string): string {
  return path.endsWith('.qcow2') ? 'qcow2' : 'raw'
}
