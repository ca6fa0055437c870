import type { EngineApi } from './engine-api.ts'
import type { Networks } from './networks.ts'

interface ApiNetwork {
  readonly Id: string
  readonly Name: string
  readonly Driver: string
  readonly IPAM?: { readonly Config?: readonly ApiSubnet[] | null }
}

interface ApiSubnet {
  readonly Subnet?: string
  readonly Gateway?: string
}

/** The network calls of the engine's API. */
export function engineNetworks(api: Pick<EngineApi, 'json'>): Networks {
  return {
    async inspect(network, { signal } = {}) {
      const call = { signal, doing: `inspect network ${network}`, method: 'GET', path: `/networks/${network}` } as const
      const { Id: id, Name: name, Driver: driver, IPAM } = await api.json<ApiNetwork>(call)
      return { id, name, driver, gateway: gatewayOf(IPAM?.Config ?? []) }
    },
  }
}

/** Of its own bridge, Docker tells the gateway only when that was there before the engine: it is the first address, unless told otherwise. */
function gatewayOf(subnets: readonly ApiSubnet[]): string | undefined {
  const named = subnets.find(({ Gateway }) => Gateway !== undefined)?.Gateway
  return named ?? subnets.map(({ Subnet = '' }) => firstAddress(Subnet)).find((address) => address !== undefined)
}

/** Of an IPv4 network: `172.17.0.1` of `172.17.0.0/16`. */
function firstAddress(subnet: string): string | undefined {
  const [, start, last] = /^((?:\d+\.){3})(\d+)\/\d+$/.exec(subnet) ?? []
  return start === undefined ? undefined : `${start}${Number(last) + 1}`
}
