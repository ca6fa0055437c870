import { basename, dirname, extname, join } from 'node:path'

import type { LocalOutput } from '@imago/core'
import type { RootfsOptions } from '@imago/hypervisor'

import type { ApplianceResult, VirtualBoxResult } from './virtualbox-result.ts'

/** The files that a result writes, as they stand in the definition, as far as they are known. Also of a result that validation reports. */
export function resultPaths(result: VirtualBoxResult): readonly LocalOutput[] {
  if (result.format === 'none' || result.format === 'registered' || typeof result.path !== 'string') return []
  const own = { path: result.path, at: ['result', 'path'] }
  if (result.format === 'rootfs') return [own]
  const manifest = result.format === 'ovf' ? [{ ...own, path: `${withoutEnding(result.path)}.mf` }] : []
  const rootfs = rootfsOf(result)
  return [own, ...manifest, ...(typeof rootfs?.path === 'string' ? [{ path: rootfs.path, at: ['result', 'rootfs'] }] : [])]
}

/** The archive of the file system that is asked for, if one is. */
export function askedRootfs(result: VirtualBoxResult): RootfsOptions | undefined {
  if (result.format === 'rootfs') return result
  return result.format === 'ova' || result.format === 'ovf' ? rootfsOf(result) : undefined
}

function rootfsOf({ path, rootfs }: ApplianceResult): RootfsOptions | undefined {
  return rootfs === true ? { path: `${withoutEnding(path)}.tar` } : rootfs
}

/** What a path is without its ending: what belongs to a file gets names of their own beside it. */
export function withoutEnding(path: string): string {
  return join(dirname(path), basename(path, extname(path)))
}
