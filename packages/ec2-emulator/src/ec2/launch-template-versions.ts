import { apiError } from '../api-error.ts'
import type { LaunchTemplateSpecification, LaunchTemplateVersion } from '../aws-sdk.ts'
import type { Call } from '../operation.ts'
import type { LaunchTemplateResource } from '../state/region.ts'

/** @throws ApiError when there is no such launch template */
export function findLaunchTemplate(
  { LaunchTemplateId: id, LaunchTemplateName: name }: LaunchTemplateSpecification,
  { region, now }: Call,
): LaunchTemplateResource {
  if (id !== undefined && name !== undefined) {
    throw apiError('InvalidParameterCombination', 'Exactly one of LaunchTemplateId and LaunchTemplateName must be specified')
  }
  if (id !== undefined) return region.launchTemplates.require(id, now)
  const found = region.launchTemplates.all().find(({ data }) => data.LaunchTemplateName === name)
  if (found !== undefined) return found
  throw apiError(
    'InvalidLaunchTemplateName.NotFoundException',
    'At least one of the launch templates specified in the request does not exist.',
  )
}

/** A version by its number, `$Latest` or `$Default`; the default one when none is named. */
export function findLaunchTemplateVersion(specification: LaunchTemplateSpecification, call: Call): LaunchTemplateVersion {
  const { versions, data } = findLaunchTemplate(specification, call)
  const { Version: asked = '$Default' } = specification
  const number = asked === '$Latest' ? versions.length : asked === '$Default' ? data.DefaultVersionNumber : Number(asked)
  const version = versions.find(({ VersionNumber }) => VersionNumber === number)
  if (version !== undefined) return version
  throw apiError('InvalidLaunchTemplateId.VersionNotFound', `Could not find the specified version ${asked} for the launch template.`)
}
