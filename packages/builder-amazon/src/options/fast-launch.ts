import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { region } from './region.ts'
import { wholeNumber } from './text.ts'

/** A launch template. */
export interface LaunchTemplateReference {
  /** Its id or name. Packer: `template_id`, `template_name`. */
  readonly template: string
  /** Packer: `template_version`. @default its newest */
  readonly version?: number
}

/** Instances of a Windows AMI that are prepared in advance. Packer: `fast_launch`. */
export interface FastLaunchOptions {
  /** How many snapshots to keep ready. Packer: `target_resource_count`. @default 5 */
  readonly ready?: number
  /** How many instances may be prepared at the same time: 6 or more. Packer: `max_parallel_launches`. @default 6 */
  readonly parallel?: number
  /** How those instances start. Packer: `template_id`, `template_name`, `template_version`. @default the account's default VPC */
  readonly template?: LaunchTemplateReference
  /** The same in other regions. Packer: `region_launch_templates`. */
  readonly regionTemplates?: Readonly<Record<string, LaunchTemplateReference>>
}

const reference = v.strictObject({ template: optionSchema.text, version: v.optional(wholeNumber(1)) })

/** The schema of {@link FastLaunchOptions}. */
export const fastLaunchSchema: v.GenericSchema = v.strictObject({
  ready: v.optional(wholeNumber(1)),
  parallel: v.optional(wholeNumber(6)),
  template: v.optional(reference),
  regionTemplates: v.optional(v.record(region, reference)),
})

/** Templates for regions that the AMI is not in. @param regions where it is; `undefined` when that is not known yet */
export function fastLaunchIssues(options: FastLaunchOptions | undefined, regions: readonly string[] | undefined): readonly Issue[] {
  if (regions === undefined) return []
  return Object.keys(options?.regionTemplates ?? {})
    .filter((name) => !regions.includes(name))
    .map((name) => ({ path: ['ami', 'fastLaunch', 'regionTemplates', name], message: `the AMI is not in '${name}'` }))
}
