import type { EngineApi } from './engine-api.ts'
import type { Networks } from './networks.ts'

interface ApiNetwork {
  readonly Id: string
  readonly Name: string
  readonly Driver: string
  readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] | null }
}

/** The network calls of the engine's API. */
export function engineNetworks(api: EngineApi): Networks {
  return {
    async inspect(network, { signal } = {}) {
      const call = { signal, doing: `inspect network ${network}`, method: 'GET', path: `/networks/${network}` } as const
      const { Id: id, Name: name, Driver: driver, IPAM } = await api.json<ApiNetwork>(call)
      return { id, name, driver, gateway: IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway }
    },
  }
}
