import type { AmazonEbsOptions } from '@imago/builder-amazon'

import { flag, integer, text } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import { group } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { nested, nestedList } from '../../mapping/nested.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import { as } from '../../mapping/table.ts'

type Options = NonNullable<Exclude<AmazonEbsOptions['ami'], false>['fastLaunch']>
type Template = NonNullable<Options['template']>

/** A launch template as Packer names it. */
interface PackerTemplate {
  readonly id?: string
  readonly name?: string
  readonly version?: number
}

/** `fast_launch` */
export interface PackerFastLaunch extends PackerTemplate {
  readonly enabled?: boolean
  readonly ready?: number
  readonly parallel?: number
  readonly regions?: readonly (PackerTemplate & { readonly region?: string })[]
}

/** Reads `fast_launch`. */
export const fastLaunch: Coercion<PackerFastLaunch> = nested<PackerFastLaunch>()({
  enable_fast_launch: as('enabled', flag),
  template_id: as('id', text),
  template_name: as('name', text),
  template_version: as('version', integer),
  max_parallel_launches: as('parallel', integer),
  target_resource_count: as('ready', integer),
  region_launch_templates: as(
    'regions',
    nestedList<PackerTemplate & { readonly region?: string }>()({
      region: as('region', text),
      template_id: as('id', text),
      template_name: as('name', text),
      template_version: as('version', integer),
    }),
  ),
})

/** Instances of a Windows AMI that are prepared in advance. */
export function fastLaunchOf(options: Model<PackerFastLaunch> | undefined): Model<Options> | undefined {
  if (options === undefined || isKnown(options) || (options.enabled !== undefined && !isYes(options.enabled))) return undefined
  const regions = options.regions === undefined || isKnown(options.regions) ? [] : options.regions
  const templates = regions.flatMap((each): (readonly [string, Model<Template>])[] => {
    const template = isKnown(each) ? undefined : templateOf(each)
    const region = isKnown(each) || each.region === undefined ? undefined : each.region
    if (template === undefined || region === undefined) return []
    return [[isKnown(region) ? region.value : region, template]]
  })
  const template = templateOf(options)
  return (
    group<Options>({
      ready: options.ready,
      parallel: options.parallel,
      template,
      regionTemplates: templates.length > 0 ? Object.fromEntries(templates) : undefined,
    }) ?? {}
  )
}

function templateOf({
  id,
  name,
  version,
}: { readonly [K in keyof PackerTemplate]?: Model<Exclude<PackerTemplate[K], undefined>> }): Model<Template> | undefined {
  const template = id ?? name
  return template === undefined ? undefined : { template, ...(version !== undefined && { version }) }
}
