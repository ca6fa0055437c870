import { currentText, isYes } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'

interface GivenHost {
  readonly ssh_host?: Model<string>
  readonly winrm_host?: Model<string>
  readonly skip_nat_mapping?: Model<boolean>
}

/** The guest's own address, where no port of this machine leads to it. */
export function guestHost(given: GivenHost, option: 'ssh_host' | 'winrm_host', ctx: ComponentContext): { readonly host?: Model<string> } {
  const host = given[option]
  if (isYes(given.skip_nat_mapping)) return { host: host ?? '127.0.0.1' }
  // the port is one of this machine anyway
  if (!['127.0.0.1', 'localhost', undefined].includes(currentText(host))) {
    ctx.noCounterpart(option, 'with skip_nat_mapping it is the address of the guest')
  }
  return {}
}
