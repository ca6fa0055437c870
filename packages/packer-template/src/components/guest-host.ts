import { currentText, isYes } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'

/** The guest's own address, where no port of this machine leads to it. */
export function guestHost(
  { ssh_host: host, skip_nat_mapping: skips }: { readonly ssh_host?: Model<string>; readonly skip_nat_mapping?: Model<boolean> },
  ctx: ComponentContext,
): { readonly host?: Model<string> } {
  if (isYes(skips)) return { host: host ?? '127.0.0.1' }
  // the port is one of this machine anyway
  if (!['127.0.0.1', 'localhost', undefined].includes(currentText(host))) {
    ctx.noCounterpart('ssh_host', 'with skip_nat_mapping it is the address of the guest')
  }
  return {}
}
