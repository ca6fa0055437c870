import { apiError } from '../api-error.ts'
import type { Ec2Api, RequestLaunchTemplateData } from '../aws-sdk.ts'
import type { Call } from '../operation.ts'
import { findLaunchTemplateVersion } from './launch-template-versions.ts'

/** The parameters of `RunInstances`. */
export type RunInput = Ec2Api['RunInstances']['input']

/** The parameters of an instance: those of the call, and below them those of its launch template. */
export type LaunchRequest = Omit<RunInput, 'MinCount' | 'MaxCount' | 'LaunchTemplate'>

/**
 * Fills in what a launch template says.
 * @throws ApiError when there is no such template or version
 */
export function launchRequest({ MinCount, MaxCount, LaunchTemplate, ...given }: RunInput, call: Call): LaunchRequest {
  if (!(MinCount !== undefined && MaxCount !== undefined && MinCount >= 1 && MaxCount >= MinCount)) {
    throw apiError('InvalidParameterValue', `Value (${MinCount} to ${MaxCount}) for the number of instances is invalid.`)
  }
  if (LaunchTemplate === undefined) return given
  return { ...fromTemplate(findLaunchTemplateVersion(LaunchTemplate, call).LaunchTemplateData ?? {}), ...withoutUndefined(given) }
}

/** What a template says, as a request would. Its answer has the shape of its request where instances are concerned. */
export function fromTemplate(data: RequestLaunchTemplateData | object): LaunchRequest {
  const { TagSpecifications, ...rest } = data as RequestLaunchTemplateData // the emulator stores what it was given
  return { ...rest, TagSpecifications: TagSpecifications?.filter(({ ResourceType }) => ResourceType !== undefined) } as LaunchRequest
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T> // members of the same object
}
