import type { GuestAddresses, Guests } from './guests.ts'

/** Instances of which only the API knows: they have addresses, and nobody answers there. */
export function noGuests(): Guests {
  const addresses = new Map<string, GuestAddresses>()
  let count = 0
  return {
    create({ instanceId, hasPublicAddress, network }) {
      count += 1
      const given = {
        privateAddress: addressIn(network, count),
        publicAddress: hasPublicAddress ? `203.0.113.${(count % 254) + 1}` : undefined, // RFC 5737: addresses for documentation
      }
      addresses.set(instanceId, given)
      return Promise.resolve(given)
    },
    start: (instanceId) => Promise.resolve(addresses.get(instanceId) ?? { privateAddress: '', publicAddress: undefined }),
    stop: () => Promise.resolve(),
    reboot: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    saveDisk: () => Promise.resolve(undefined),
    removeDisk: () => Promise.resolve(),
    console: () => Promise.resolve(''),
    close: () => Promise.resolve(),
  }
}

/** An address of an IPv4 network; its first four are Amazon's own. */
function addressIn(network: string, index: number): string {
  const [address = '', prefix = ''] = network.split('/')
  const base = address.split('.').reduce((number, part) => number * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(prefix))
  const number = base + 4 + (index % (size - 5))
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.')
}
