import type { InstanceOptions } from '@imago/builder-amazon'

import { always, lateText } from '../../mapping/coercions.ts'
import { lateTextsByName } from '../../mapping/late-texts-by-name.ts'
import type { Model } from '../../mapping/known.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import { contextInside } from '../../mapping/option-context.ts'
import { factField, otherFact } from '../../text/field-table.ts'
import type { FieldTable } from '../../text/field-table.ts'

/** What builds at AWS know of themselves. */
export const amazonFields: FieldTable = {
  BuildRegion: otherFact('buildRegion'),
  SourceAMI: factField('sourceImage'),
  SourceAMIName: otherFact('sourceImageName'),
  SourceAMIOwner: otherFact('sourceImageOwner'),
  SourceAMIOwnerName: otherFact('sourceImageOwnerAlias'),
  SourceAMICreationDate: otherFact('sourceImageCreationDate'),
}

/** Tags, whose values may hold {@link amazonFields}. */
export type Tags = NonNullable<NonNullable<InstanceOptions['launch']>['tags']>

/** Tags, by their keys. */
export const tags: Coercion<Tags> = lateTextsByName(amazonFields)

/** Tags as a list of keys and values. */
export const tagList: Coercion<Tags> = (node, ctx) => {
  const items = node.kind === 'array' ? node.items : [node]
  const read = always(lateText(amazonFields))
  const entries = items.flatMap((item, index): (readonly [string, Model<Tags[string]>])[] => {
    const [key, value] = item.kind === 'object' ? [item.members.get('key')?.value, item.members.get('value')?.value] : []
    if (key?.kind !== 'text' || value === undefined) {
      ctx.reports.problem(contextInside(ctx, item, index), "must be an object with 'key' and 'value'")
      return []
    }
    return [[key.value, read(value, contextInside(ctx, value, index, 'value')) ?? '']]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Tags of both kinds. */
export function allTags(byName: Model<Tags> | undefined, listed: Model<Tags> | undefined): Model<Tags> | undefined {
  if (byName === undefined || listed === undefined) return byName ?? listed
  return { ...byName, ...listed }
}
