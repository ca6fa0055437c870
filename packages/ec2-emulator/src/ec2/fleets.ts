import { messageOf } from '@imago/core'

import { ApiError, apiError } from '../api-error.ts'
import type {
  CreateFleetError,
  CreateFleetInstance,
  Ec2Api,
  FleetLaunchTemplateConfigRequest,
  FleetLaunchTemplateOverridesRequest,
} from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { stateOf, terminateInstance } from './instance-lifecycle.ts'
import { instanceTypeCatalog, isOffered } from './instance-type-catalog.ts'
import type { LaunchRequest } from './launch-request.ts'
import { fromTemplate } from './launch-request.ts'
import { findLaunchTemplateVersion } from './launch-template-versions.ts'
import { launch } from './run-instances.ts'

type FleetInput = Ec2Api['CreateFleet']['input']
type Override = FleetLaunchTemplateOverridesRequest

/** Fleets that are launched at once. */
export const fleetOperations: Ec2Operations<
  'CreateFleet' | 'DescribeFleets' | 'DescribeFleetInstances' | 'DeleteFleets' | 'DescribeSpotPriceHistory'
> = {
  CreateFleet: {
    check({ Type = 'maintain', LaunchTemplateConfigs = [], TargetCapacitySpecification, TagSpecifications }, call) {
      if (Type !== 'instant') throw apiError('NotImplemented', `This emulator has fleets of type instant, not '${Type}'`)
      readTagSpecifications(TagSpecifications, ['fleet', 'instance', 'volume', 'network-interface', 'spot-instances-request'])
      if ((TargetCapacitySpecification?.TotalTargetCapacity ?? 0) < 1) {
        throw apiError('InvalidParameterValue', 'The total target capacity must be at least 1')
      }
      if (LaunchTemplateConfigs.length === 0) throw apiError('MissingParameter', 'The request must contain a launch template')
      for (const { LaunchTemplateSpecification = {} } of LaunchTemplateConfigs) findLaunchTemplateVersion(LaunchTemplateSpecification, call)
    },
    run(input, call) {
      const { world, region, now } = call
      const { instances, errors } = launchAny(input, call)
      const tags = readTagSpecifications(input.TagSpecifications, [
        'fleet',
        'instance',
        'volume',
        'network-interface',
        'spot-instances-request',
      ])
      const fleet = world.create(region, region.fleets.names, {
        tags: tags('fleet'),
        data: { Type: 'instant' as const, FleetState: 'active' as const, CreateTime: new Date(now), Instances: instances, Errors: errors },
      })
      region.fleets.add(Object.assign(fleet, { data: { ...fleet.data, FleetId: fleet.id } }))
      return { FleetId: fleet.id, Instances: instances, Errors: errors }
    },
  },
  DescribeFleets: {
    run({ FleetIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.fleets, { ids: FleetIds, filters: Filters, fields: {}, ...page })
      return { Fleets: items.map(view), NextToken: nextToken }
    },
  },
  DescribeFleetInstances: {
    run({ FleetId = '' }, { region, now }) {
      const ids = (region.fleets.require(FleetId, now).data.Instances ?? []).flatMap(({ InstanceIds = [] }) => InstanceIds)
      const running = ids.flatMap((id) => region.instances.find(id) ?? []).filter((instance) => stateOf(instance) !== 'terminated')
      return { FleetId, ActiveInstances: running.map(({ id, data }) => ({ InstanceId: id, InstanceType: data.InstanceType })) }
    },
  },
  DeleteFleets: {
    run({ FleetIds = [], TerminateInstances: terminates }, call) {
      const { region, now } = call
      if (terminates !== true) throw apiError('InvalidParameterValue', 'A fleet of type instant is deleted with its instances')
      const SuccessfulFleetDeletions = FleetIds.map((id) => {
        const { data } = region.fleets.require(id, now)
        const { FleetState: PreviousFleetState } = data
        for (const { InstanceIds = [] } of data.Instances ?? []) {
          for (const instance of InstanceIds.flatMap((each) => region.instances.find(each) ?? [])) terminateInstance(instance, call)
        }
        data.FleetState = 'deleted_terminating'
        return { FleetId: id, CurrentFleetState: data.FleetState, PreviousFleetState }
      })
      return { SuccessfulFleetDeletions, UnsuccessfulFleetDeletions: [] }
    },
  },
  DescribeSpotPriceHistory: {
    run({ InstanceTypes = [], AvailabilityZone }, { region, now }) {
      const zones = region.zones.filter((zone) => (AvailabilityZone ?? zone) === zone)
      const SpotPriceHistory = InstanceTypes.flatMap((type) =>
        zones.flatMap((zone) => {
          const facts = instanceTypeCatalog.get(type)
          if (facts === undefined || !isOffered(facts, zone, region.zones)) return []
          const SpotPrice = (facts.vcpus * 0.008).toFixed(6)
          return [
            { InstanceType: type, AvailabilityZone: zone, ProductDescription: 'Linux/UNIX' as const, SpotPrice, Timestamp: new Date(now) },
          ]
        }),
      )
      return { SpotPriceHistory }
    },
  },
}

/** Tries the overrides of a fleet, one after the other, until one has capacity. What goes wrong is told beside what was launched. */
function launchAny(input: FleetInput, call: Call): { readonly instances: CreateFleetInstance[]; readonly errors: CreateFleetError[] } {
  const { TotalTargetCapacity: capacity = 1, DefaultTargetCapacityType = 'on-demand' } = input.TargetCapacitySpecification ?? {}
  const errors: CreateFleetError[] = []
  for (const config of input.LaunchTemplateConfigs ?? []) {
    for (const override of config.Overrides ?? [{}]) {
      const outcome = {
        LaunchTemplateAndOverrides: { LaunchTemplateSpecification: config.LaunchTemplateSpecification, Overrides: shown(override) },
        Lifecycle: DefaultTargetCapacityType === 'spot' ? ('spot' as const) : ('on-demand' as const),
      }
      try {
        const request = fleetRequest(config, override, input, call)
        const launched = Array.from({ length: capacity }, (_, index) => launch(request, call, index))
        return {
          instances: [
            { ...outcome, InstanceIds: launched.map(({ id }) => id), InstanceType: override.InstanceType ?? request.InstanceType },
          ],
          errors,
        }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        errors.push({ ...outcome, ErrorCode: error.code, ErrorMessage: messageOf(error) })
      }
    }
  }
  return { instances: [], errors }
}

/** An override as the answer shows it. */
function shown({ InstanceType, SubnetId, AvailabilityZone, MaxPrice, Priority }: Override) {
  return { InstanceType, SubnetId, AvailabilityZone, MaxPrice, Priority }
}

function fleetRequest(config: FleetLaunchTemplateConfigRequest, override: Override, input: FleetInput, call: Call): LaunchRequest {
  const { LaunchTemplateSpecification = {} } = config
  const { InstanceType, SubnetId, AvailabilityZone, MaxPrice, ImageId } = override
  const base = fromTemplate(findLaunchTemplateVersion(LaunchTemplateSpecification, call).LaunchTemplateData ?? {})
  const isSpot = input.TargetCapacitySpecification?.DefaultTargetCapacityType === 'spot'
  const fleetTags = (input.TagSpecifications ?? []).filter(({ ResourceType }) => ResourceType !== 'fleet')
  const [nic] = base.NetworkInterfaces ?? []
  return {
    ...base,
    ...(ImageId !== undefined && { ImageId }),
    ...(InstanceType !== undefined && { InstanceType }),
    ...(SubnetId !== undefined && (nic === undefined ? { SubnetId } : { NetworkInterfaces: [{ ...nic, SubnetId }] })),
    ...(AvailabilityZone !== undefined && { Placement: { ...base.Placement, AvailabilityZone } }),
    ...(isSpot && { InstanceMarketOptions: { MarketType: 'spot' as const, SpotOptions: { MaxPrice } } }),
    TagSpecifications: mergeSpecifications(base.TagSpecifications ?? [], fleetTags),
  }
}

type Specifications = NonNullable<LaunchRequest['TagSpecifications']>

/** The fleet's tags are added to the template's. */
function mergeSpecifications(base: Specifications, added: Specifications): Specifications {
  const kinds = [...new Set([...base, ...added].map(({ ResourceType }) => ResourceType))]
  return kinds.map((kind) => {
    const tags = [...base, ...added].filter(({ ResourceType }) => ResourceType === kind).flatMap(({ Tags = [] }) => Tags)
    return { ResourceType: kind, Tags: [...new Map(tags.map((tag) => [tag.Key, tag])).values()] }
  })
}
