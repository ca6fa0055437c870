import { currentText } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'

/** How the template reaches a virtual machine; `undefined`, which is reported, in a way that there is not. */
export function communicatorOf(
  given: { readonly communicator?: Model<string>; readonly ssh_username?: unknown },
  ctx: ComponentContext,
): 'ssh' | 'none' | undefined {
  const communicator = currentText(given.communicator) ?? 'ssh'
  if (communicator === 'none') return communicator
  if (communicator !== 'ssh') {
    ctx.noCounterpart('communicator', 'machines are reached over SSH')
    return undefined
  }
  if (given.ssh_username === undefined) ctx.reports.problem(ctx, "'ssh_username' is missing")
  return communicator
}
