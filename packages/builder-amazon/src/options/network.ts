import type { Issue } from '@imago/core'
import * as v from 'valibot'

import type { FilterOptions } from './text.ts'
import { exclusive, filtersSchema, idOf } from './text.ts'

/** The one VPC that fits. Packer: `vpc_filter`. */
export interface VpcFilter {
  readonly filters: FilterOptions
}

/** A subnet of those that fit. Packer: `subnet_filter`. */
export interface SubnetFilter {
  readonly filters: FilterOptions
  /** Which, when several fit: the one with the most free addresses, any, or none: then several are an error. Packer: `most_free`, `random`. @default mostFree */
  readonly pick?: 'mostFree' | 'random' | 'only'
}

/** Security groups that are there, and that fit. Packer: `security_group_filter`. */
export interface SecurityGroupFilter {
  readonly filters: FilterOptions
}

/** Where in the network the instance is. */
export interface NetworkPlace {
  /** Packer: `vpc_id`, `vpc_filter`. @default the subnet's; the default VPC */
  readonly vpc?: string | VpcFilter
  /** Packer: `subnet_id`, `subnet_filter`. @default one of the VPC's, in a zone that has the instance type, and that gives instances the address of `connect.address` */
  readonly subnet?: string | SubnetFilter
  /** Packer: `availability_zone`. @default any: when one has no capacity, the next one is tried */
  readonly availabilityZone?: string
  /** Whether the instance gets a public address. Packer: `associate_public_ip_address`. @default as the subnet says */
  readonly publicIp?: boolean
}

/** Who reaches the instance: whom groups let in that are there, or whom a group of the build's own does. */
export type NetworkAccess =
  | {
      /** Groups that are there. Packer: `security_group_ids`, `security_group_filter`. @default a group of the build's own, which only `allowFrom` reaches */
      readonly securityGroups?: readonly string[] | SecurityGroupFilter
      readonly allowFrom?: never
    }
  | { readonly securityGroups?: never; readonly allowFrom?: AllowFrom }

/**
 * Who reaches the port of the build's own group: addresses in CIDR notation, or the caller: the address from which this machine
 * reaches the internet, or, for `connect.address` in a private network, its own. Packer: `temporary_security_group_source_cidrs`,
 * whose default is everybody, `temporary_security_group_source_public_ip`. @default caller
 */
export type AllowFrom = 'caller' | readonly string[]

/** Where in the network the instance is, and who reaches it. */
export type NetworkOptions = NetworkPlace & NetworkAccess

const cidr = v.pipe(
  v.string(),
  v.regex(
    /^(?:(?:\d{1,3}\.){3}\d{1,3}\/(?:\d|[12]\d|3[0-2])|[\da-fA-F:]*:[\da-fA-F:]*\/(?:\d{1,2}|1[01]\d|12[0-8]))$/,
    "must be addresses in CIDR notation, such as '192.0.2.0/24'",
  ),
)

/** The schema of {@link NetworkOptions}. */
export const networkSchema: v.GenericSchema = v.strictObject({
  vpc: v.optional(v.union([idOf('vpc'), v.strictObject({ filters: filtersSchema })])),
  subnet: v.optional(
    v.union([idOf('subnet'), v.strictObject({ filters: filtersSchema, pick: v.optional(v.picklist(['mostFree', 'random', 'only'])) })]),
  ),
  availabilityZone: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z]{2,4}(-[a-z]+)+-\d+(?:-[a-z]+-\d+)?[a-z]$/, "must be a zone such as 'eu-west-1a'")),
  ),
  publicIp: v.optional(v.boolean()),
  securityGroups: v.optional(
    v.union([v.pipe(v.array(idOf('sg')), v.minLength(1, 'must hold a group')), v.strictObject({ filters: filtersSchema })]),
  ),
  allowFrom: v.optional(v.union([v.literal('caller'), v.pipe(v.array(cidr), v.minLength(1, 'must hold an address'))])),
})

/** What options of the network mean together. */
export function networkIssues(network: NetworkOptions | undefined, region: string | undefined): readonly Issue[] {
  const zone = network?.availabilityZone
  const elsewhere =
    typeof zone === 'string' && typeof region === 'string' && !zone.startsWith(region)
      ? [{ path: ['network', 'availabilityZone'], message: `'${zone}' is not in the region '${region}'` }]
      : []
  return [...elsewhere, ...exclusive(network, ['network'], 'securityGroups', 'allowFrom')]
}
