import type { CallOptions } from './engine.ts'

/** The networks of an engine. */
export interface Networks {
  /** What is known of a network, by its name or id. @throws `PROVIDER_FAILED` when there is none */
  inspect(network: string, options?: CallOptions): Promise<NetworkDetails>
}

/** How a network is. */
export interface NetworkDetails {
  readonly id: string
  readonly name: string
  /** `bridge`, `overlay`, `macvlan`, … */
  readonly driver: string
  /** The address at which containers reach the engine's machine; `undefined` where the network has none. */
  readonly gateway: string | undefined
}
