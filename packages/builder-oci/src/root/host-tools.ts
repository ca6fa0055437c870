import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { linkageOf } from '../host/linkage.ts'
import { requireProgram } from '../host/programs.ts'

/** Programs of this machine that are taken into a root, with what they need: the root has none of its own that could be trusted. */
export interface HostTools {
  /** Absolute paths by the names under which they are called. */
  readonly programs: Readonly<Record<string, string>>
  /** The dynamic loader that they share; absent when they are static. */
  readonly loader?: string
  readonly libraries: readonly string[]
}

/** Tools as they are called inside a root. */
export interface InnerTools {
  /** The command that runs a tool. */
  command(name: string): string[]
}

const hint = "install 'util-linux', 'mount' and 'coreutils'"

/**
 * Finds tools and all that they need.
 * @throws ImagoError `TOOL_MISSING`
 */
export async function findHostTools(names: readonly string[], signal: AbortSignal): Promise<HostTools> {
  const programs = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await requireProgram(name, hint)] as const)))
  const linkages = await Promise.all(Object.values(programs).map((path) => linkageOf(path, signal)))
  const loader = linkages.find((linkage) => linkage.loader !== undefined)?.loader
  const libraries = [...new Set(linkages.flatMap((linkage) => linkage.libraries))]
  return { programs, libraries, ...(loader !== undefined && { loader }) }
}

/** Copies tools into a directory, which will be at `inside` in the root. */
export async function toolsIn(tools: HostTools, directory: string, inside: string): Promise<InnerTools> {
  await mkdir(directory, { mode: 0o755 })
  const copies = Object.entries(tools.programs).map(([name, path]) => copyFile(path, join(directory, name)))
  const libraries = tools.libraries.map((path) => copyFile(path, join(directory, basename(path))))
  const loader = tools.loader === undefined ? [] : [copyFile(tools.loader, join(directory, loaderName))]
  await Promise.all([...copies, ...libraries, ...loader])
  return innerTools(tools, inside)
}

const loaderName = 'ld.so'

/** The tools in `inside`. The loader is told where their libraries are, so that the root's own do not matter. */
export function innerTools(tools: HostTools, inside: string): InnerTools {
  const byLoader = tools.loader === undefined ? [] : [`${inside}/${loaderName}`, '--library-path', inside]
  return { command: (name) => [...byLoader, `${inside}/${name}`] }
}
