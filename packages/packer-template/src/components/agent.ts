import type { ScriptInstallation } from '@imago/provisioner-chef'

import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'
import { inside } from '../reports.ts'
import { piecesOfNodes } from '../shell/command-piece.ts'
import { plainWord, shellTokens } from '../shell/shell-words.ts'
import { wordValue } from '../shell/word-value.ts'

/** What a provisioner that runs in the machine says where Packer's runs on Windows too. */
export const windowsOnly = 'it is for machines with Windows'

/** Says that there is nothing for Windows, where the template is for it. */
export function onlyUnix(name: string, ctx: ComponentContext): void {
  const value = ctx.options.members.get(name)?.value
  if (value?.kind === 'text' && value.value === 'windows') ctx.noCounterpart(name, windowsOnly)
}

/** A script that Packer fetches in the machine and believes unseen. */
export function unseenScript(script: string, args: readonly Model<string>[]): Model<ScriptInstallation> {
  return { script, checksum: 'none', ...(args.length > 0 && { arguments: args }) }
}

/** The words of an option that is one text for a shell; one that needs a shell has no counterpart. */
export function wordsOf(name: string, instead: string, ctx: ComponentContext): readonly Model<string>[] {
  const member = ctx.options.members.get(name)
  if (member === undefined || (member.value.kind === 'plain' && member.value.value === null)) return []
  const where = { ...ctx, ...inside(ctx, member.at, name) }
  const parsed = member.value.kind === 'text' ? ctx.renderer.parse(member.value, where) : undefined
  const pieces = parsed && piecesOfNodes(parsed.nodes, where)
  const words = pieces && shellTokens(pieces)?.map((token) => plainWord(token) ?? wordValue(token))
  if (words?.every((word) => word !== undefined) === true) return words
  ctx.noCounterpart(name, instead)
  return []
}
