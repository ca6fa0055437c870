import { extname } from 'node:path'

import type { LocalOutput } from '@imago/core'
import type { RootfsOptions } from '@imago/hypervisor'

import type { Arch } from './machine-spec.ts'
import type { DiskResult, QemuResult } from './qemu-result.ts'

/** The files that a result writes, as they stand in the definition. Also of a result that validation reports. */
export function resultPaths(result: QemuResult, diskCount: number): readonly LocalOutput[] {
  if (result.format === 'none' || typeof result.path !== 'string') return []
  const own = { path: result.path, at: ['result', 'path'] }
  if (result.format === 'rootfs') return [own]
  const more = Array.from({ length: diskCount - 1 }, (_, index) => ({ ...own, path: diskPath(result.path, index + 1) }))
  const rootfs = rootfsOf(result)
  return [
    own,
    ...more,
    ...(typeof rootfs?.path === 'string' ? [{ path: rootfs.path, at: ['result', 'rootfs'] }] : []),
    ...(typeof result.nvram === 'string' ? [{ path: result.nvram, at: ['result', 'nvram'] }] : []),
  ]
}

/** Where a disk of a machine goes: the first one to `path`, the others to names of their own beside it. */
export function diskPath(path: string, index: number): string {
  return index === 0 ? path : `${withoutEnding(path)}-${index}${extname(path)}`
}

/** The archive of the file system that a disk brings with it, if it does. */
export function rootfsOf({ path, rootfs }: DiskResult): RootfsOptions | undefined {
  return rootfs === true ? { path: `${withoutEnding(path)}.tar` } : rootfs
}

/** What Docker calls a processor. */
export function platformOf(arch: Arch): string {
  return arch === 'x86_64' ? 'linux/amd64' : 'linux/arm64'
}

/** What a path is without its ending: pictures and logs of a build that failed get names of their own beside it. */
export function withoutEnding(path: string): string {
  return path.slice(0, path.length - extname(path).length)
}
