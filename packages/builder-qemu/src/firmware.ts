import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'

import type { Arch } from './machine-spec.ts'

/** A UEFI firmware of this machine: the code, and the template of its variables. */
export interface FirmwareFiles {
  readonly code: string
  readonly codeFormat: string
  readonly vars: string
  readonly varsFormat: string
  /** Whether only the firmware itself may write the variables, in system management mode. */
  readonly requiresSmm: boolean
}

/** What a firmware must be. */
export interface FirmwareWish {
  readonly arch: Arch
  /** It starts only what is signed with the keys that are enrolled in it. */
  readonly secureBoot: boolean
}

/** Where QEMU's packages describe the firmware that they bring, the first that has one counts (QEMU's docs/interop/firmware.json). */
const descriptorFolders = [
  '/etc/qemu/firmware',
  '/usr/share/qemu/firmware',
  '/usr/local/share/qemu/firmware',
  '/opt/homebrew/share/qemu/firmware',
  '/opt/local/share/qemu/firmware',
]

/**
 * Finds a UEFI firmware by the descriptions that QEMU's packages bring; of several, the first by the files' names, as they are meant.
 * @throws ImagoError `TOOL_MISSING` when there is none
 */
export async function findFirmware(wish: FirmwareWish, folders: readonly string[] = descriptorFolders): Promise<FirmwareFiles> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []) // there is no such folder
    for (const name of names.filter((each) => each.endsWith('.json')).toSorted()) {
      const found = fitting(JSON.parse(await readFile(join(folder, name), 'utf8')), wish)
      if (found !== undefined) return found
    }
  }
  const what = wish.secureBoot ? 'UEFI firmware with secure boot and enrolled keys' : 'UEFI firmware'
  throw new ImagoError('TOOL_MISSING', `there is no ${what} for ${wish.arch} on this machine`, {
    hint:
      wish.arch === 'x86_64'
        ? "install it: 'apt-get install ovmf', 'dnf install edk2-ovmf'; or name its files"
        : "install it: 'apt-get install qemu-efi-aarch64', 'dnf install edk2-aarch64'; or name its files",
  })
}

/** The files of a description that is of a firmware as it is wished for, in two flash memories. */
function fitting(description: unknown, { arch, secureBoot }: FirmwareWish): FirmwareFiles | undefined {
  const interfaces = list(member(description, 'interface-types'))
  const features = list(member(description, 'features'))
  const targets = list(member(description, 'targets'))
  const mapping = member(description, 'mapping')
  if (!interfaces.includes('uefi') || !targets.some((target) => member(target, 'architecture') === arch)) return undefined
  if (member(mapping, 'device') !== 'flash' || features.includes('secure-boot') !== secureBoot) return undefined
  if (secureBoot && !features.includes('enrolled-keys')) return undefined
  const code = member(mapping, 'executable')
  const vars = member(mapping, 'nvram-template')
  const files = [member(code, 'filename'), member(vars, 'filename'), member(code, 'format'), member(vars, 'format')]
  const [codePath, varsPath, codeFormat = 'raw', varsFormat = 'raw'] = files
  if (typeof codePath !== 'string' || typeof varsPath !== 'string') return undefined
  return {
    code: codePath,
    codeFormat: String(codeFormat),
    vars: varsPath,
    varsFormat: String(varsFormat),
    requiresSmm: features.includes('requires-smm'),
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
