import type { InstanceOptions } from '@imago/builder-amazon'
import type { JsonObject } from '@imago/core'

import { plainJson } from '../../json/json-node.ts'
import { chosen } from '../../mapping/chosen.ts'
import { flag, integer, text } from '../../mapping/coercions.ts'
import { currentText, isYes } from '../../mapping/current-value.ts'
import { exclusive } from '../../mapping/exclusive.ts'
import { eitherOf, group } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown, known } from '../../mapping/known.ts'
import { localPath } from '../../mapping/local-path.ts'
import { nested, nestedList } from '../../mapping/nested.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import type { ComponentContext, NoCounterpartRow, Taken, TakenRow } from '../../mapping/table.ts'
import { as, noCounterpart, taken } from '../../mapping/table.ts'
import { modelLayout } from '../../typescript/model-layout.ts'
import type { Named } from '../named.ts'
import type { PackerDevice } from './block-devices.ts'
import { deviceList, deviceMappings } from './block-devices.ts'
import type { Tags } from './tags.ts'
import { allTags, tagList, tags } from './tags.ts'

type Launch = NonNullable<InstanceOptions['launch']>
type Placement = NonNullable<Launch['placement']>
type Metadata = NonNullable<Launch['metadata']>
type Reservation = NonNullable<Launch['capacityReservation']>

/** The metadata service as Packer has it. */
interface PackerMetadata {
  readonly endpoint?: string
  readonly tokens?: NonNullable<Metadata['tokens']>
  readonly hopLimit?: number
  readonly tags?: string
}

interface PackerLicense {
  readonly request?: { readonly arn?: string }
}

const tenancy = chosen<NonNullable<Placement['tenancy']>>({ names: ['default', 'dedicated', 'host'] })

/** An IAM policy, without anything of the template's language in it. */
const policy: Coercion<JsonObject> = (node, ctx) => {
  const value = plainJson(node)
  if (isJsonObject(value)) return known({ value, key: JSON.stringify(value), code: (writer) => modelLayout(value, writer) })
  ctx.reports.problem(ctx, 'must be an IAM policy')
  return undefined
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Packer's options of the instance. */
export type LaunchRows = Named<
  | 'user_data'
  | 'user_data_file'
  | 'iam_instance_profile'
  | 'host_id'
  | 'host_resource_group_arn'
  | 'capacity_reservation_preference'
  | 'capacity_reservation_id'
  | 'capacity_reservation_group_arn',
  TakenRow<string>
> &
  Named<'temporary_iam_instance_profile_policy_document', TakenRow<JsonObject>> &
  Named<'shutdown_behavior', TakenRow<NonNullable<Launch['shutdownBehavior']>>> &
  Named<
    | 'skip_profile_validation'
    | 'disable_stop_instance'
    | 'ebs_optimized'
    | 'enable_nitro_enclave'
    | 'enable_unlimited_credits'
    | 'enable_t2_unlimited'
    | 'no_ephemeral',
    TakenRow<boolean>
  > &
  Named<'tenancy', TakenRow<NonNullable<Placement['tenancy']>>> &
  Named<'placement', TakenRow<Placement>> &
  Named<'license_specifications', TakenRow<readonly PackerLicense[]>> &
  Named<'metadata_options', TakenRow<PackerMetadata>> &
  Named<'launch_block_device_mappings', TakenRow<readonly PackerDevice[]>> &
  Named<'run_tags' | 'run_tag' | 'run_volume_tags' | 'run_volume_tag', TakenRow<Tags>> &
  Named<'block_duration_minutes', NoCounterpartRow>

/** What becomes of each of them. */
export const launchRows: LaunchRows = {
  user_data: taken(text),
  user_data_file: taken(localPath),
  iam_instance_profile: taken(text),
  temporary_iam_instance_profile_policy_document: taken(policy),
  skip_profile_validation: taken(flag),
  shutdown_behavior: taken(chosen<NonNullable<Launch['shutdownBehavior']>>({ names: ['stop', 'terminate'] })),
  disable_stop_instance: taken(flag),
  ebs_optimized: taken(flag),
  enable_nitro_enclave: taken(flag),
  enable_unlimited_credits: taken(flag),
  enable_t2_unlimited: taken(flag),
  tenancy: taken(tenancy),
  host_id: taken(text),
  host_resource_group_arn: taken(text),
  placement: taken(nested<Placement>()({ tenancy: as('tenancy', tenancy), host_resource_group_arn: as('hostResourceGroup', text) })),
  license_specifications: taken(
    nestedList<PackerLicense>()({
      license_configuration_request: as('request', nested<{ readonly arn?: string }>()({ license_configuration_arn: as('arn', text) })),
    }),
  ),
  capacity_reservation_preference: taken(text),
  capacity_reservation_id: taken(text),
  capacity_reservation_group_arn: taken(text),
  metadata_options: taken(
    nested<PackerMetadata>()({
      http_endpoint: as('endpoint', text),
      http_tokens: as('tokens', chosen<NonNullable<Metadata['tokens']>>({ names: ['required', 'optional'] })),
      http_put_response_hop_limit: as('hopLimit', integer),
      instance_metadata_tags: as('tags', text),
    }),
  ),
  launch_block_device_mappings: taken(deviceList),
  no_ephemeral: taken(flag),
  run_tags: taken(tags),
  run_tag: taken(tagList),
  run_volume_tags: taken(tags),
  run_volume_tag: taken(tagList),
  block_duration_minutes: noCounterpart('AWS does not take such requests any more'),
}

type Given = Taken<LaunchRows>

/** How the instance is started. */
export function launchOptions(given: Given, ctx: ComponentContext): { readonly launch: Model<Launch> } {
  exclusive('user_data', 'user_data_file', ctx)
  exclusive('iam_instance_profile', 'temporary_iam_instance_profile_policy_document', ctx)
  const devices = deviceMappings(given.launch_block_device_mappings)
  const userDataFile: Model<Launch['userData']> | undefined = given.user_data_file && { file: given.user_data_file }
  const profile = given.temporary_iam_instance_profile_policy_document
  const launch = group<Launch>({
    userData: eitherOf(given.user_data, userDataFile),
    instanceProfile: eitherOf(given.iam_instance_profile, profile && { policy: profile }),
    skipProfileCheck: given.skip_profile_validation,
    shutdownBehavior: given.shutdown_behavior,
    stop: isYes(given.disable_stop_instance) ? 'from-inside' : undefined,
    ebsOptimized: given.ebs_optimized,
    nitroEnclave: given.enable_nitro_enclave,
    unlimitedCredits: given.enable_unlimited_credits ?? given.enable_t2_unlimited,
    placement: placementOf(given),
    licenses: licensesOf(given.license_specifications),
    capacityReservation: reservationOf(given),
    metadata: metadataOf(given.metadata_options),
    blockDevices: devices.length > 0 ? devices : undefined,
    noEphemeral: given.no_ephemeral,
    tags: allTags(given.run_tags, given.run_tag),
    volumeTags: allTags(given.run_volume_tags, given.run_volume_tag),
  })
  return { launch: launch ?? {} }
}

function placementOf({
  placement,
  tenancy: own,
  host_id: hostId,
  host_resource_group_arn: hostResourceGroup,
}: Given): Model<Placement> | undefined {
  return placement ?? group<Placement>({ tenancy: own, hostId, hostResourceGroup })
}

function licensesOf(licenses: Model<readonly PackerLicense[]> | undefined): Model<readonly string[]> | undefined {
  if (licenses === undefined || isKnown(licenses)) return undefined
  const arns = licenses.flatMap((license): readonly Model<string>[] => {
    const request = isKnown(license) ? undefined : license.request
    return request === undefined || isKnown(request) || request.arn === undefined ? [] : [request.arn]
  })
  return arns.length === 0 ? undefined : arns
}

function reservationOf(given: Given): Model<Reservation> | undefined {
  const { capacity_reservation_id: id, capacity_reservation_group_arn: arn, capacity_reservation_preference: preference } = given
  if (id !== undefined) return { id }
  if (arn !== undefined) return { group: arn }
  const value = currentText(preference)
  return value === 'open' || value === 'none' ? value : undefined
}

/** To Packer, programs in the instance need no session token unless the template says so. */
function metadataOf(given: Model<PackerMetadata> | undefined): Model<Metadata> {
  if (given === undefined || isKnown(given)) return { tokens: 'optional' }
  const isEnabled = currentText(given.endpoint) !== 'disabled'
  return {
    ...(!isEnabled && { enabled: false }),
    tokens: given.tokens ?? 'optional',
    ...(given.hopLimit !== undefined && { hopLimit: given.hopLimit }),
    ...(currentText(given.tags) === 'enabled' && { tags: true }),
  }
}
