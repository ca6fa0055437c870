import { basename, resolve } from 'node:path'

import type { ArchiveEntry } from '@imago/archive'
import { fileEntry } from '@imago/archive'
import type { Issue, PostProcessContext } from '@imago/core'
import { ImagoError, resolveFacts } from '@imago/core'

import type { VagrantOptions } from './vagrant.ts'

/** What every box has. */
const ownNames: readonly string[] = ['metadata.json', 'Vagrantfile']

/** Files to be included that cannot keep their names, as far as they are known beforehand. Values of a wrong type are left to the schema. */
export function nameIssues(include: VagrantOptions['include']): Issue[] {
  if (!Array.isArray(include)) return []
  const names = include.map((path: unknown) => (typeof path === 'string' ? basename(path) : undefined))
  return names.flatMap((name, index) => {
    if (name === undefined) return []
    const path = ['include', index]
    if (ownNames.includes(name)) return [{ path, message: `every box has a '${name}' of its own`, ...hintOf(name) }]
    return names.indexOf(name) < index ? [{ path, message: `'${name}' is included twice`, hint: 'files lose their folders in a box' }] : []
  })
}

function hintOf(name: string): { readonly hint?: string } {
  return name === 'Vagrantfile' ? { hint: "use the option 'vagrantfile' to add to it" } : {}
}

/** The files to be included, by their base names. @throws ImagoError `INPUT_MISSING` */
export async function includedFiles(include: VagrantOptions['include'], ctx: PostProcessContext): Promise<readonly ArchiveEntry[]> {
  const paths = include === undefined ? [] : resolveFacts(include, ctx.facts)
  return await Promise.all(paths.map((path) => fileEntry(resolve(ctx.directory, path), basename(path))))
}

/** @throws ImagoError `UNSUPPORTED` when two entries of a box have one name */
export function checkNames(entries: readonly ArchiveEntry[]): void {
  const names = entries.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice === undefined) return
  throw new ImagoError('UNSUPPORTED', `two files of the box would be called '${twice}'`, { hint: 'rename the file that is included' })
}
