import type { InstanceOptions } from '@imago/builder-amazon'

import { flag, text } from '../../mapping/coercions.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { textMap, texts } from '../../mapping/list-coercions.ts'
import { otherwise, surely } from '../../mapping/group.ts'
import { nested } from '../../mapping/nested.ts'
import type { Composed, Taken, TakenRow } from '../../mapping/table.ts'
import type { ComponentContext } from '../../mapping/table.ts'
import { as, taken } from '../../mapping/table.ts'
import type { Named } from '../named.ts'

type Filter = Extract<InstanceOptions['sourceAmi'], { readonly owners: readonly string[] }>

/** Packer's options of the AMI to start from. */
export type SourceRows = Named<'source_ami', TakenRow<string>> & Named<'source_ami_filter', TakenRow<Filter>>

/** What becomes of each of them. */
export const sourceRows: SourceRows = {
  source_ami: taken(text),
  source_ami_filter: taken(
    nested<Filter>()({
      filters: as('filters', textMap),
      owners: as('owners', texts),
      most_recent: as('mostRecent', flag),
      include_deprecated: as('includeDeprecated', flag),
    }),
  ),
}

/** Where a build starts. Packer looks for the newest image only when it is told to. */
export function sourceOptions(
  { source_ami: id, source_ami_filter: filter }: Taken<SourceRows>,
  ctx: ComponentContext,
): Composed<Pick<InstanceOptions, 'sourceAmi'>> {
  if (filter === undefined || isKnown(filter)) {
    if (id === undefined) ctx.reports.problem(ctx, "one of 'source_ami' and 'source_ami_filter' is needed")
    return id === undefined ? {} : { sourceAmi: surely(id) }
  }
  const found: Model<Filter> = { ...filter, mostRecent: mostRecentOf(filter) }
  if (!isKnown(id)) return { sourceAmi: found }
  if (isMadeOfVariables('source_ami', ctx)) return { sourceAmi: otherwise<Filter>(id, found) }
  ctx.reports.warn(ctx, "'source_ami_filter' is not looked at beside 'source_ami'")
  return { sourceAmi: id }
}

function isMadeOfVariables(option: string, ctx: ComponentContext): boolean {
  const node = ctx.options.members.get(option)?.value
  return node?.kind === 'text' && (ctx.renderer.parse(node, ctx)?.needs.variables.size ?? 0) > 0
}

function mostRecentOf(filter: object): Model<boolean> {
  const given = 'mostRecent' in filter ? (filter.mostRecent as Model<boolean> | undefined) : undefined // as its row reads it
  return given ?? false
}
