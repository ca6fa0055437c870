import type { Resource } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { InstanceTypeName, Operations } from '../aws/aws-sdk.ts'
import type { Aws } from '../aws/aws.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import type { Tags } from '../aws/own.ts'
import { untilKnown } from '../aws/poll.ts'
import type { Named } from '../aws/taken-name.ts'
import { withTakenName } from '../aws/taken-name.ts'
import { tagsOf, tagSpecifications } from '../aws/tags.ts'
import type { Job } from '../job.ts'
import type { SpotOptions } from '../options/spot.ts'
import { acquire } from '../resources/acquire.ts'
import type { Network, Subnet } from './find-network.ts'
import type { LaunchParts } from './launch-request.ts'
import { credits, isEarly, launchRequest, placement, typesOf } from './launch-request.ts'

type FleetError = NonNullable<Operations['CreateFleet']['output']['Errors']>[number]

/** Tags of what only spot instances have. */
export interface SpotTags {
  readonly request: Tags
  readonly fleet: Tags
}

/** Starts a spot instance: of any of the types, in any of the places, as the fleet chooses. */
export async function runFleet(
  job: Job,
  options: InstanceOptions & { readonly spot: SpotOptions },
  parts: LaunchParts,
  network: Network,
  tags: SpotTags,
): Promise<Resource<string>> {
  const { aws, ctx, own } = job
  const template = own.name('template', 128)
  await acquire(aws, ctx, {
    kind: 'amazon-launch-template',
    name: template,
    create: (signal) => createTemplate(job, template, options, parts, tags, signal),
    id: (id) => id,
  })
  return await acquire(aws, ctx, {
    kind: 'amazon-instance',
    name: own.name('instance'),
    create: (signal) => createFleet(job, template, options, network, tags, signal),
    id: (id) => id,
  })
}

async function createTemplate(
  job: Job,
  name: string,
  options: InstanceOptions,
  parts: LaunchParts,
  tags: SpotTags,
  signal: AbortSignal,
): Promise<string> {
  const { aws, own } = job
  const { launch = {}, network = {} } = options
  const request: Operations['CreateLaunchTemplate']['input'] = {
    LaunchTemplateName: name,
    ClientToken: own.token('template'),
    TagSpecifications: tagSpecifications({ 'launch-template': own.tags(name) }),
    LaunchTemplateData: {
      ...launchRequest(options, parts),
      ...commonCredits(options),
      Placement: placement(launch, network.availabilityZone),
      TagSpecifications: tagSpecifications({
        instance: parts.tags.instance,
        volume: parts.tags.volume,
        'network-interface': parts.tags.instance,
        'spot-instances-request': tags.request,
      }),
    },
  }
  try {
    const { LaunchTemplate } = await aws.call('CreateLaunchTemplate', request, { signal })
    return LaunchTemplate?.LaunchTemplateId ?? name
  } catch (error) {
    if (!hasAwsCode(error, ['InvalidLaunchTemplateName.AlreadyExistsException'])) throw error
    const list = async (): Promise<Named[]> => {
      const { LaunchTemplates = [] } = await aws.call('DescribeLaunchTemplates', { LaunchTemplateNames: [name] }, { signal })
      return LaunchTemplates.map(({ LaunchTemplateId: id = '', Tags }) => ({ id, tags: tagsOf(Tags) }))
    }
    const found = await withTakenName(job, list, signal)
    if (found?.isOwn !== true) throw error
    return found.id
  }
}

/** Types with credits want to be told of them, and others do not. */
function commonCredits(options: InstanceOptions): ReturnType<typeof credits> {
  const each = typesOf(options).map((type) => credits(type, options.launch ?? {}))
  return each.every(({ CreditSpecification }) => CreditSpecification !== undefined) ? (each[0] ?? {}) : {}
}

async function createFleet(
  { aws, own, polling }: Job,
  template: string,
  options: InstanceOptions & { readonly spot: SpotOptions },
  network: Network,
  tags: SpotTags,
  signal: AbortSignal,
): Promise<string> {
  const { maxPrice, allocation = 'price-capacity-optimized' } = options.spot
  const others = await network.others()
  const places: readonly (Subnet | undefined)[] = others.length > 0 ? others : network.places
  const overrides = typesOf(options).flatMap((type, index) =>
    places.map((place) => ({
      InstanceType: type as InstanceTypeName, // new types come faster than new SDKs
      ...(allocation === 'capacity-optimized-prioritized' && { Priority: index }),
      ...(maxPrice !== undefined && { MaxPrice: maxPrice }),
      ...(place !== undefined && { SubnetId: place.id }),
    })),
  )
  let attempt = 0
  const start = async (): Promise<string> => {
    attempt += 1
    const request: Operations['CreateFleet']['input'] = {
      Type: 'instant',
      ClientToken: own.token('fleet', String(attempt)), // with the same one AWS gives the same answer
      SpotOptions: { AllocationStrategy: allocation },
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateName: template, Version: '$Latest' }, Overrides: overrides }],
      TagSpecifications: tagSpecifications({ fleet: tags.fleet }),
    }
    const { Instances = [], Errors = [] } = await aws.call('CreateFleet', request, { signal })
    const id = Instances.flatMap(({ InstanceIds = [] }) => InstanceIds)[0]
    if (id !== undefined) return id
    throw noInstance(aws, options, Errors)
  }
  return await untilKnown(start, { isEarly, signal, pace: polling.pace })
}

/** A fleet without an instance; AWS's first reason is the cause. */
function noInstance({ region }: Aws, options: InstanceOptions, errors: readonly FleetError[]): ImagoError {
  const reasons = [...new Set(errors.map(({ ErrorCode = '', ErrorMessage = '' }) => `${ErrorCode}: ${ErrorMessage}`))]
  const [first] = errors
  const cause = Object.assign(new Error(first?.ErrorMessage), { name: first?.ErrorCode ?? 'Error' })
  return new ImagoError('PROVIDER_UNAVAILABLE', `no spot instance of ${typesOf(options).join(', ')} in ${region}: ${reasons.join('; ')}`, {
    cause,
    hint: 'give more instance types, a higher maxPrice, or leave out spot',
  })
}
