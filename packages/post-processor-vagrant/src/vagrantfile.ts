import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { PostProcessContext } from '@imago/core'
import { fileSystemError, resolveFacts } from '@imago/core'

import type { VagrantfileSource } from './vagrant.ts'

/** A box's Vagrantfile: what its provider needs, then what the user adds. */
export function vagrantfileText(lines: readonly string[], added: string | undefined): string {
  const own = ["Vagrant.configure('2') do |config|", ...lines.map((line) => `  ${line}`), 'end', ''].join('\n')
  if (added === undefined || added.trim() === '') return own
  return `${own}\n${added.endsWith('\n') ? added : `${added}\n`}`
}

/** What the user adds. @throws ImagoError `INPUT_MISSING` */
export async function userContent(
  source: VagrantfileSource | undefined,
  { directory, facts, signal }: PostProcessContext,
): Promise<string | undefined> {
  if (source === undefined) return undefined
  if ('content' in source) return resolveFacts(source.content, facts)
  const path = resolve(directory, resolveFacts(source.path, facts))
  return await readFile(path, { encoding: 'utf8', signal }).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read the Vagrantfile '${path}'`)
  })
}
