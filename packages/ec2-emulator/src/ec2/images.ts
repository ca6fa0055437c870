import { apiError } from '../api-error.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import type { ImageResource } from '../state/region.ts'
import { canLaunch } from './image-access.ts'

/** Who `Owners` names in words. */
const ownerAliases: Readonly<Record<string, string>> = { amazon: '137112412989', 'aws-marketplace': '679593333241' }

const filters: FilterFields<ImageResource> = {
  architecture: ({ data }) => data.Architecture,
  'block-device-mapping.device-name': ({ data }) => data.BlockDeviceMappings?.map(({ DeviceName }) => DeviceName),
  'block-device-mapping.snapshot-id': ({ data }) => data.BlockDeviceMappings?.map(({ Ebs }) => Ebs?.SnapshotId),
  'block-device-mapping.volume-type': ({ data }) => data.BlockDeviceMappings?.map(({ Ebs }) => Ebs?.VolumeType),
  'block-device-mapping.encrypted': ({ data }) => data.BlockDeviceMappings?.map(({ Ebs }) => Ebs?.Encrypted),
  'creation-date': ({ data }) => data.CreationDate,
  description: ({ data }) => data.Description,
  'ena-support': ({ data }) => data.EnaSupport,
  hypervisor: ({ data }) => data.Hypervisor,
  'image-id': ({ id }) => id,
  'image-type': ({ data }) => data.ImageType,
  'is-public': ({ data }) => data.Public,
  name: ({ data }) => data.Name,
  'owner-alias': ({ data }) => data.ImageOwnerAlias,
  'owner-id': ({ data }) => data.OwnerId,
  platform: ({ data }) => data.Platform?.toLowerCase(),
  'root-device-name': ({ data }) => data.RootDeviceName,
  'root-device-type': ({ data }) => data.RootDeviceType,
  'source-image-id': ({ data }) => data.SourceImageId,
  'source-image-region': ({ data }) => data.SourceImageRegion,
  state: ({ data }) => data.State,
  'virtualization-type': ({ data }) => data.VirtualizationType,
}

/** Looking for images. */
export const imageOperations: Ec2Operations<'DescribeImages'> = {
  DescribeImages: {
    run({ ImageIds, Owners = [], ExecutableUsers = [], Filters, IncludeDeprecated = false, ...page }, call) {
      const { world, region } = call
      const { items } = describe(world, region.images, { ids: ImageIds, filters: undefined, fields: filters })
      const seen = items.filter((image) => canLaunch(image, world.account) && isMeant(image))
      const { items: shown, nextToken } = paginate(applyFilters(seen, Filters, filters), page, ImageIds)
      return { Images: shown.map(view), NextToken: nextToken }

      function isMeant({ data, launchPermissions: { users } }: ImageResource): boolean {
        const isOwned = Owners.length === 0 || Owners.some((owner) => ownerOf(owner, call) === data.OwnerId)
        const isExecutable =
          ExecutableUsers.length === 0 ||
          ExecutableUsers.some((user) => (user === 'all' ? data.Public : users.has(user === 'self' ? world.account : user)))
        const isDeprecated = data.DeprecationTime !== undefined && Date.parse(data.DeprecationTime) <= call.now
        return isOwned && isExecutable && (!isDeprecated || IncludeDeprecated || data.OwnerId === world.account || ImageIds !== undefined)
      }
    },
  },
}

function ownerOf(owner: string, { world }: Call): string {
  if (owner === 'self') return world.account
  if (/^\d{12}$/.test(owner)) return owner
  const account = ownerAliases[owner]
  if (account === undefined) throw apiError('InvalidUserID.Malformed', `Invalid user id: "${owner}"`)
  return account
}

/** An image's name, as Amazon takes it. @throws ApiError `InvalidAMIName.Malformed`, `InvalidAMIName.Duplicate` */
export function checkImageName(name: string | undefined, { world, region }: Pick<Call, 'world' | 'region'>): void {
  if (name === undefined || !/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) {
    throw apiError(
      'InvalidAMIName.Malformed',
      'AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "(", ")", "[", "]", " ", ".", "/", "-", "\'", "@" and "_"',
    )
  }
  const owner = region.images.all().find(({ data }) => data.Name === name && data.OwnerId === world.account)
  if (owner === undefined) return
  throw apiError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${owner.id}`)
}

/** Only its owner changes an image. @throws ApiError `InvalidAMIID.NotFound`, `AuthFailure` */
export function requireOwnImage(id: string | undefined, { world, region, now }: Pick<Call, 'world' | 'region' | 'now'>): ImageResource {
  const image = region.images.require(id ?? '', now)
  if (image.data.OwnerId === world.account) return image
  throw apiError('AuthFailure', `Not authorized for image:${image.id}`, 403)
}
