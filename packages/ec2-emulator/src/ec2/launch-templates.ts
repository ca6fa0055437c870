import { apiError } from '../api-error.ts'
import type { Ec2Api, LaunchTemplateVersion, RequestLaunchTemplateData } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import type { LaunchTemplateResource } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { findLaunchTemplate } from './launch-template-versions.ts'

const filters: FilterFields<LaunchTemplateResource> = {
  'launch-template-name': ({ data }) => data.LaunchTemplateName,
  'create-time': ({ data }) => data.CreateTime,
}

/** Launch templates. */
export const launchTemplateOperations: Ec2Operations<
  | 'CreateLaunchTemplate'
  | 'CreateLaunchTemplateVersion'
  | 'DescribeLaunchTemplates'
  | 'DescribeLaunchTemplateVersions'
  | 'DeleteLaunchTemplate'
> = {
  CreateLaunchTemplate: {
    check({ LaunchTemplateName: name = '', TagSpecifications }, { region }) {
      readTagSpecifications(TagSpecifications, ['launch-template'])
      if (!/^[a-zA-Z0-9()./_-]{3,128}$/.test(name)) {
        throw apiError('InvalidLaunchTemplateName.MalformedException', `The launch template name '${name}' is invalid.`)
      }
      if (region.launchTemplates.all().some(({ data }) => data.LaunchTemplateName === name)) {
        throw apiError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.')
      }
    },
    run(input, call) {
      const { world, region, now } = call
      const { LaunchTemplateName, TagSpecifications } = input
      const CreatedBy = `arn:aws:iam::${world.account}:root`
      const created = world.create(region, region.launchTemplates.names, {
        tags: readTagSpecifications(TagSpecifications, ['launch-template'])('launch-template'),
        data: { LaunchTemplateName, CreateTime: new Date(now), CreatedBy, DefaultVersionNumber: 1, LatestVersionNumber: 1 },
      })
      const template: LaunchTemplateResource = region.launchTemplates.add({ ...created, versions: [] })
      template.data.LaunchTemplateId = template.id
      addVersion(template, input, call)
      return { LaunchTemplate: view(template) }
    },
  },
  CreateLaunchTemplateVersion: {
    check: (input, call) => void findLaunchTemplate(input, call),
    run(input, call) {
      const template = findLaunchTemplate(input, call)
      const version = addVersion(template, input, call)
      template.data.LatestVersionNumber = version.VersionNumber
      return { LaunchTemplateVersion: version }
    },
  },
  DescribeLaunchTemplates: {
    run({ LaunchTemplateIds, LaunchTemplateNames = [], Filters, ...page }, call) {
      const { world, region } = call
      const named = LaunchTemplateNames.map((name) => findLaunchTemplate({ LaunchTemplateName: name }, call).id)
      const ids = LaunchTemplateIds === undefined && named.length === 0 ? undefined : [...(LaunchTemplateIds ?? []), ...named]
      const { items, nextToken } = describe(world, region.launchTemplates, { ids, filters: Filters, fields: filters, ...page })
      return { LaunchTemplates: items.map(view), NextToken: nextToken }
    },
  },
  DescribeLaunchTemplateVersions: {
    run({ Versions = [], ...input }, call) {
      const { versions, data } = findLaunchTemplate(input, call)
      const numbers = Versions.map((name) =>
        name === '$Latest' ? versions.length : name === '$Default' ? data.DefaultVersionNumber : Number(name),
      )
      const found = versions.filter(({ VersionNumber }) => numbers.length === 0 || numbers.includes(VersionNumber))
      const { items, nextToken } = paginate(found, input)
      return { LaunchTemplateVersions: [...items], NextToken: nextToken }
    },
  },
  DeleteLaunchTemplate: {
    check: (input, call) => void findLaunchTemplate(input, call),
    run(input, call) {
      const template = findLaunchTemplate(input, call)
      call.region.launchTemplates.remove(template.id)
      return { LaunchTemplate: view(template) }
    },
  },
}

interface VersionInput {
  readonly LaunchTemplateData?: RequestLaunchTemplateData | undefined
  readonly VersionDescription?: Ec2Api['CreateLaunchTemplateVersion']['input']['VersionDescription']
}

function addVersion(
  { id, data, versions }: LaunchTemplateResource,
  { LaunchTemplateData, VersionDescription }: VersionInput,
  { now }: Call,
): LaunchTemplateVersion {
  const version: LaunchTemplateVersion = {
    LaunchTemplateId: id,
    LaunchTemplateName: data.LaunchTemplateName,
    VersionNumber: versions.length + 1,
    VersionDescription,
    CreateTime: new Date(now),
    CreatedBy: data.CreatedBy,
    DefaultVersion: versions.length === 0,
    LaunchTemplateData,
  }
  versions.push(version)
  return version
}
