import { currentTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { OptionContext } from '../mapping/option-context.ts'

/** A port on one side that leads to an address on the other. */
interface Tunnel {
  readonly port: number
  readonly to: { readonly host: string; readonly port: number }
}

/** Tunnels as `ssh -L` and `ssh -R` take them: `8080:localhost:80`. */
export function parseTunnels(tunnels: Model<readonly string[]>, ctx: OptionContext): readonly Tunnel[] {
  return currentTexts(tunnels).flatMap((tunnel) => {
    const [, port, host, target] = /^(\d+):(.+):(\d+)$/.exec(tunnel) ?? []
    if (host !== undefined) return [{ port: Number(port), to: { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(target) } }]
    ctx.reports.problem(ctx, `'${tunnel}' is no tunnel`, 'write port:host:port')
    return []
  })
}
