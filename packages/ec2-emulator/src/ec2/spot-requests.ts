import type { SpotInstanceRequest } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { InstanceResource } from '../state/region.ts'
import type { Resource } from '../state/table.ts'

const filters: FilterFields<Resource<SpotInstanceRequest>> = {
  'spot-instance-request-id': ({ id }) => id,
  'instance-id': ({ data }) => data.InstanceId,
  state: ({ data }) => data.State,
}

/** The requests behind spot instances. */
export const spotRequestOperations: Ec2Operations<'DescribeSpotInstanceRequests' | 'CancelSpotInstanceRequests'> = {
  DescribeSpotInstanceRequests: {
    run({ SpotInstanceRequestIds, Filters, ...page }, { world, region }) {
      const request = { ids: SpotInstanceRequestIds, filters: Filters, fields: filters, ...page }
      const { items, nextToken } = describe(world, region.spotRequests, request)
      return { SpotInstanceRequests: items.map(view), NextToken: nextToken }
    },
  },
  CancelSpotInstanceRequests: {
    run({ SpotInstanceRequestIds = [] }, { region, now }) {
      const requests = SpotInstanceRequestIds.map((id) => region.spotRequests.require(id, now))
      for (const { data } of requests) data.State = 'cancelled'
      return { CancelledSpotInstanceRequests: requests.map(({ id }) => ({ SpotInstanceRequestId: id, State: 'cancelled' as const })) }
    },
  },
}

/** The request of a new spot instance: it is fulfilled at once, or there is no instance. */
export function spotRequestFor(instance: InstanceResource, tags: ReadonlyMap<string, string>, { world, region, now }: Call): void {
  const { spotRequests } = region
  const data: SpotInstanceRequest = {
    InstanceId: instance.id,
    Type: 'one-time',
    State: 'active',
    Status: { Code: 'fulfilled', Message: 'Your spot request is fulfilled.', UpdateTime: new Date(now) },
    CreateTime: new Date(now),
    LaunchedAvailabilityZone: instance.data.Placement?.AvailabilityZone,
  }
  const request = world.create(region, spotRequests.names, { data, tags })
  request.data.SpotInstanceRequestId = request.id
  instance.data.SpotInstanceRequestId = request.id
  spotRequests.add(request)
}
