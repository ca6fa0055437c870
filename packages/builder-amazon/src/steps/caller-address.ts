import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

import { abortError, ImagoError, messageOf, timeLimit } from '@imago/core'

import type { InstanceAddress } from '../options/connect.ts'

/** Answers with the address that a request comes from. */
const checkUrl = 'https://checkip.amazonaws.com/'

/**
 * The addresses from which this machine reaches an instance, in CIDR notation: the one from which it reaches the internet, or, in a private
 * network, with IPv6, and when what stands for AWS runs on this machine, its own.
 * @throws ImagoError `NETWORK` when nobody tells it
 */
export async function callerAddresses(
  address: InstanceAddress | undefined,
  endpoint: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (address === 'ipv6') return ownAddresses(isGlobalIpv6, 128)
  if (address === 'private-ip' || address === 'private-dns') return ownAddresses(isIPv4, 32)
  if (isThisMachine(endpoint)) return ['127.0.0.1/32', ...listOwn(isIPv4, 32)]
  try {
    const response = await fetch(checkUrl, { signal: AbortSignal.any([signal, timeLimit(15_000)]) })
    const text = (await response.text()).trim()
    // an instance without a public address is reached at its private one
    if (isIPv4(text)) return [...new Set([`${text}/32`, ...(address === undefined ? listOwn(isIPv4, 32) : [])])]
    throw new Error(`it answers ${response.status} '${text.slice(0, 60)}'`)
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    throw new ImagoError('NETWORK', `${checkUrl} does not tell this machine's address: ${messageOf(error)}`, {
      cause: error,
      hint: "say who may connect: network: { allowFrom: ['192.0.2.7/32'] }",
    })
  }
}

function ownAddresses(fits: (address: string) => boolean, bits: number): readonly string[] {
  const addresses = listOwn(fits, bits)
  if (addresses.length > 0) return addresses
  throw new ImagoError('NETWORK', 'this machine has no address from which it could reach the instance', {
    hint: 'say who may connect: network.allowFrom',
  })
}

function listOwn(fits: (address: string) => boolean, bits: number): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, address }) => !internal && fits(address))
    .map(({ address }) => `${address}/${bits}`)
}

function isThisMachine(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return false
  const { hostname } = new URL(endpoint)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function isGlobalIpv6(address: string): boolean {
  return isIPv6(address) && !/^f[cde]/i.test(address)
}
