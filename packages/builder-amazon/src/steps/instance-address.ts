import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Instance } from '../aws/instances.ts'
import type { InstanceAddress, WayIn } from '../options/connect.ts'
import { wayInto, windowsPasswordOf } from '../options/connect.ts'

/**
 * The address of an instance that the options want.
 * @throws ImagoError `PROVIDER_FAILED` when it has none of that kind
 */
export function addressOf(instance: Instance, wanted: Exclude<InstanceAddress, 'session-manager'> | undefined): string {
  const { publicIp, privateIp, publicDns, privateDns, ipv6 } = instance
  if (wanted === undefined) return orMissing(instance, 'address', publicIp || privateIp)
  const addresses = { 'public-ip': publicIp, 'private-ip': privateIp, 'public-dns': publicDns, 'private-dns': privateDns, ipv6 }
  return orMissing(instance, wanted, addresses[wanted])
}

function orMissing({ id }: Instance, what: string, address: string): string {
  if (address !== '') return address
  throw new ImagoError('PROVIDER_FAILED', `instance ${id} has no ${what}`, {
    hint: 'let it have one (network: { publicIp: true }, another subnet), or connect by another: connect.address',
  })
}

/** Whose images let whom in, where the user is not root. */
const usersByOwner: Readonly<Record<string, string>> = {
  '136693071363': 'admin', // Debian
  '099720109477': 'ubuntu', // Canonical
  '513442679011': 'ubuntu', // Canonical, GovCloud
  '137112412989': 'ec2-user', // Amazon Linux
  '309956199498': 'ec2-user', // Red Hat
  '764336703387': 'ec2-user', // AlmaLinux
  '013907871322': 'ec2-user', // SUSE
  '679593333241': 'ec2-user', // AWS Marketplace
  '792107900819': 'rocky', // Rocky Linux
  '125523088429': 'fedora', // Fedora
  '782442783595': 'ec2-user', // FreeBSD
}

/** What is known of an image whose user is wanted. */
interface LoginSource {
  readonly id: string
  readonly name: string
  readonly ownerId: string
}

/**
 * The user to log in as.
 * @throws ImagoError `DEFINITION_INVALID` when nobody knows
 */
export function userOf(way: WayIn, source: LoginSource): string {
  const isWindows = way.communicator === 'winrm' || windowsPasswordOf(way) !== undefined
  const known = way.user ?? (isWindows ? 'Administrator' : usersByOwner[source.ownerId])
  if (known !== undefined) return known
  throw new ImagoError(
    'DEFINITION_INVALID',
    `it is not known as which user to log in to ${source.id} (${source.name}, of ${source.ownerId})`,
    {
      hint: "say it: connect: { user: 'admin' }",
    },
  )
}

/** Asks for the user before anything exists. */
export function checkUser({ connect }: Pick<InstanceOptions, 'connect'>, source: LoginSource): void {
  const way = wayInto(connect)
  if (way !== undefined) userOf(way, source)
}
