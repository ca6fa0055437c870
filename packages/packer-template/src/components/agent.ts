import type { ScriptInstallation } from '@imago/provisioner-chef'

import type { ComponentContext } from '../mapping/table.ts'

/** What a provisioner that runs in the machine says where Packer's runs on Windows too. */
export const windowsOnly = 'it is for machines with Windows'

/** Says that there is nothing for Windows, where the template is for it. */
export function onlyUnix(name: string, ctx: ComponentContext): void {
  const value = ctx.options.members.get(name)?.value
  if (value?.kind === 'text' && value.value === 'windows') ctx.noCounterpart(name, windowsOnly)
}

/** A script that Packer fetches in the machine and believes unseen. */
export function unseenScript(script: string, args: readonly string[]): ScriptInstallation {
  return { script, checksum: 'none', ...(args.length > 0 && { arguments: args }) }
}

/** The words of an option that is one text for a shell; one that needs a shell has no counterpart. */
export function wordsOf(name: string, instead: string, ctx: ComponentContext): readonly string[] {
  const value = ctx.options.members.get(name)?.value
  if (value === undefined || (value.kind === 'plain' && value.value === null)) return []
  if (value.kind === 'text' && !/[{}"'\\$`|&;<>()]/.test(value.value)) return value.value.split(/\s+/).filter((word) => word !== '')
  ctx.noCounterpart(name, instead)
  return []
}
