import { currentText } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'

/** How the template reaches a machine; `undefined`, which is reported, in a way that there is not. */
export function communicatorOf(
  given: { readonly communicator?: Model<string>; readonly ssh_username?: unknown },
  ctx: ComponentContext,
): 'ssh' | 'winrm' | 'none' | undefined {
  const communicator = currentText(given.communicator) ?? 'ssh'
  switch (communicator) {
    case 'none':
    case 'winrm':
      return communicator
    case 'ssh':
      if (given.ssh_username === undefined) ctx.reports.problem(ctx, "'ssh_username' is missing")
      return communicator
    default:
      ctx.noCounterpart('communicator', "there are 'ssh', 'winrm' and 'none'")
      return undefined
  }
}
