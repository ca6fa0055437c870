import type { InstanceOptions } from '@imago/builder-amazon'

import { flag, text } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import { exclusive } from '../../mapping/exclusive.ts'
import type { Members } from '../../mapping/group.ts'
import { eitherOf, group, isThere, listOf, surely } from '../../mapping/group.ts'
import type { Known, Model } from '../../mapping/known.ts'
import { isKnown, keyOf, known, valueOf } from '../../mapping/known.ts'
import { textMap, texts } from '../../mapping/list-coercions.ts'
import { nested } from '../../mapping/nested.ts'
import type { ComponentContext, Composed, Taken, TakenRow } from '../../mapping/table.ts'
import { as, taken } from '../../mapping/table.ts'
import { threeWay } from '../../mapping/three-way.ts'
import { modelLayout } from '../../typescript/model-layout.ts'
import type { Named } from '../named.ts'

type Network = NonNullable<InstanceOptions['network']>
type NetworkPlace = Pick<Network, 'vpc' | 'subnet' | 'availabilityZone' | 'publicIp'>
type Filters = { readonly filters: Extract<Network['vpc'], object>['filters'] }

/** How Packer chooses a subnet. */
interface PackerSubnets extends Filters {
  readonly mostFree?: boolean
  readonly random?: boolean
}

/** Packer's options of the network. */
export type NetworkRows = Named<'vpc_id' | 'subnet_id' | 'availability_zone' | 'security_group_id', TakenRow<string>> &
  Named<'vpc_filter' | 'security_group_filter', TakenRow<Filters>> &
  Named<'subnet_filter', TakenRow<PackerSubnets>> &
  Named<'associate_public_ip_address' | 'temporary_security_group_source_public_ip', TakenRow<boolean>> &
  Named<'security_group_ids' | 'temporary_security_group_source_cidrs', TakenRow<readonly string[]>>

/** What becomes of each of them. */
export const networkRows: NetworkRows = {
  vpc_id: taken(text),
  vpc_filter: taken(nested<Filters>()({ filters: as('filters', textMap) })),
  subnet_id: taken(text),
  subnet_filter: taken(
    nested<PackerSubnets>()({ filters: as('filters', textMap), most_free: as('mostFree', flag), random: as('random', flag) }),
  ),
  availability_zone: taken(text),
  associate_public_ip_address: taken(threeWay),
  security_group_id: taken(text),
  security_group_ids: taken(texts),
  security_group_filter: taken(nested<Filters>()({ filters: as('filters', textMap) })),
  temporary_security_group_source_cidrs: taken(texts),
  temporary_security_group_source_public_ip: taken(flag),
}

type Given = Taken<NetworkRows>

/** Where in the network the instance is, and who reaches it. */
export function networkOptions(given: Given, ctx: ComponentContext): Composed<Pick<InstanceOptions, 'network'>> {
  exclusive('security_group_id', 'security_group_ids', ctx)
  const one = given.security_group_id === undefined ? undefined : listOf<string>(given.security_group_id)
  const securityGroups = eitherOf(eitherOf(given.security_group_ids, one), given.security_group_filter)
  const cidrs = given.temporary_security_group_source_cidrs
  // A group that is there is left as it is.
  const allowFrom = isThere(securityGroups) ? undefined : isYes(given.temporary_security_group_source_public_ip) ? 'caller' : cidrs
  const place = {
    vpc: eitherOf(given.vpc_id, given.vpc_filter),
    subnet: eitherOf(given.subnet_id, subnetOf(given.subnet_filter)),
    availabilityZone: given.availability_zone,
    publicIp: given.associate_public_ip_address,
  }
  const network =
    isKnown(securityGroups) && securityGroups.unless !== undefined && allowFrom !== undefined
      ? eitherAccess(place, { securityGroups, unless: securityGroups.unless }, allowFrom)
      : group<Network>({ ...place, securityGroups, allowFrom })
  return network === undefined ? {} : { network }
}

interface AbsentGroups {
  readonly securityGroups: Model<NonNullable<Network['securityGroups']>>
  readonly unless: NonNullable<Known<unknown>['unless']>
}

/** Groups that variables may name, or else who reaches a group of the build's own: the two exclude each other. */
function eitherAccess(
  place: Members<NetworkPlace>,
  { securityGroups, unless }: AbsentGroups,
  allowFrom: Model<NonNullable<Network['allowFrom']>>,
): Known<Network> {
  const own = { ...place, allowFrom }
  return known<Network>({
    value: valueOf(own) as Network, // what its members are
    key: keyOf(own),
    code: (writer) => ({
      kind: 'either',
      condition: unless(writer),
      yes: modelLayout({ ...place, securityGroups: surely(securityGroups) }, writer),
      no: modelLayout(own, writer),
    }),
  })
}

function subnetOf(filter: Model<PackerSubnets> | undefined): Model<Exclude<Network['subnet'], undefined>> | undefined {
  if (filter === undefined || isKnown(filter)) return undefined
  const pick = isYes(filter.mostFree) ? 'mostFree' : isYes(filter.random) ? 'random' : 'only'
  return { filters: filter.filters, pick }
}
