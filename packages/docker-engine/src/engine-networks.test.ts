import { expect, test } from 'vitest'

import { engineNetworks } from './engine-networks.ts'

function gatewayIn(config: readonly object[] | null | undefined): Promise<string | undefined> {
  const json = async <T>(): Promise<T> => Promise.resolve({ Id: 'id', Name: 'bridge', Driver: 'bridge', IPAM: { Config: config } } as T)
  return engineNetworks({ json })
    .inspect('bridge')
    .then(({ gateway }) => gateway)
}

test.each([
  { says: 'the one it names', config: [{ Subnet: '10.1.0.0/16', Gateway: '10.1.0.9' }], gateway: '10.1.0.9' },
  { says: 'the first address, when it names none', config: [{ Subnet: '172.17.0.0/16' }], gateway: '172.17.0.1' },
  { says: 'the first address of a part of a network', config: [{ Subnet: '10.0.0.64/26' }], gateway: '10.0.0.65' },
  { says: 'that of IPv4, beside IPv6', config: [{ Subnet: 'fd00::/64' }, { Subnet: '10.2.0.0/24' }], gateway: '10.2.0.1' },
  { says: 'none, in a network without addresses', config: [], gateway: undefined },
  { says: 'none, where there is no list', config: null, gateway: undefined },
])('the gateway of a network is $says', async ({ config, gateway }) => {
  expect(await gatewayIn(config)).toBe(gateway)
})
