import type { InstanceOptions } from '@imago/builder-amazon'

import { chosen } from '../../mapping/chosen.ts'
import { renderLeaf, text } from '../../mapping/coercions.ts'
import { exclusive } from '../../mapping/exclusive.ts'
import { eitherOf, given, group, surely } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown, known } from '../../mapping/known.ts'
import { texts } from '../../mapping/list-coercions.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import type { Composed, ComponentContext, MeaninglessRow, Taken, TakenRow } from '../../mapping/table.ts'
import { meaningless, taken } from '../../mapping/table.ts'
import { code, printOperand } from '../../typescript/expression.ts'
import type { Named } from '../named.ts'
import type { Tags } from './tags.ts'
import { allTags, tagList, tags } from './tags.ts'

type Spot = NonNullable<InstanceOptions['spot']>

/** A price; `auto` is that of an instance on demand, which is what is paid at most when nothing is said. */
const spotPrice: Coercion<string> = (node, ctx) => {
  const rendered = renderLeaf(node, ctx)
  const price = text(node, ctx)
  if (typeof rendered !== 'object' || !isKnown(price) || price.value !== 'auto' || rendered.text.needs.variables.size === 0) return price
  return known<string>({
    ...price,
    value: price.value,
    unless: (writer) => code(`${printOperand(writer.text(rendered), 'equality')} !== 'auto'`, 'equality'),
  })
}

/** Packer's options of what is paid, and for what. */
export type SpotRows = Named<'instance_type' | 'spot_price', TakenRow<string>> &
  Named<'spot_instance_types', TakenRow<readonly string[]>> &
  Named<'spot_allocation_strategy', TakenRow<NonNullable<Spot['allocation']>>> &
  Named<'spot_tags' | 'spot_tag' | 'fleet_tags' | 'fleet_tag', TakenRow<Tags>> &
  Named<'spot_price_auto_product', MeaninglessRow>

/** What becomes of each of them. */
export const spotRows: SpotRows = {
  instance_type: taken(text),
  spot_price: taken(spotPrice),
  spot_instance_types: taken(texts),
  spot_allocation_strategy: taken(
    chosen<NonNullable<Spot['allocation']>>({ names: ['lowest-price', 'capacity-optimized', 'diversified'] }),
  ),
  spot_tags: taken(tags),
  spot_tag: taken(tagList),
  fleet_tags: taken(tags),
  fleet_tag: taken(tagList),
  spot_price_auto_product: meaningless('the price is found by the AMI'),
}

/** What the instance is, and whether it is one that nobody else wants at the moment. */
export function spotOptions(options: Taken<SpotRows>, ctx: ComponentContext): Composed<Pick<InstanceOptions, 'instanceType' | 'spot'>> {
  exclusive('instance_type', 'spot_instance_types', ctx)
  const instanceType = eitherOf(options.instance_type, options.spot_instance_types)
  if (instanceType === undefined) ctx.reports.problem(ctx, "one of 'instance_type' and 'spot_instance_types' is needed")
  const spot = spotOf(options)
  return { ...(instanceType !== undefined && { instanceType: surely(instanceType) }), ...(spot !== undefined && { spot }) }
}

function spotOf(options: Taken<SpotRows>): Model<Spot> | undefined {
  const { spot_price: price } = options
  const isOnDemand =
    price === undefined || currentPrice(price) === '0' || (currentPrice(price) === '' && options.spot_instance_types === undefined)
  if (isOnDemand && options.spot_instance_types === undefined) return absentSpot(price)
  const maxPrice = currentPrice(price) === 'auto' && !(isKnown(price) && price.unless !== undefined) ? undefined : price
  return given<Spot>({
    maxPrice,
    allocation: options.spot_allocation_strategy,
    tags: allTags(options.spot_tags, options.spot_tag),
    fleetTags: allTags(options.fleet_tags, options.fleet_tag),
  })
}

/** A price that is empty only because of what variables have now. */
function absentSpot(price: Model<string> | undefined): Model<Spot> | undefined {
  return isKnown(price) && price.unless !== undefined ? group<Spot>({ maxPrice: price }) : undefined
}

function currentPrice(price: Model<string> | undefined): string | undefined {
  return isKnown(price) ? price.value : price
}
