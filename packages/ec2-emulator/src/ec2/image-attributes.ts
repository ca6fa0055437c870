import { apiError } from '../api-error.ts'
import type { Ec2Api } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { ImageResource } from '../state/region.ts'
import { requireOwnImage } from './images.ts'
import type { PermissionChange } from './permissions.ts'
import { applyPermissions, listPermissions, permissionChanges } from './permissions.ts'

/** What can be changed of an image. */
export const imageAttributeOperations: Ec2Operations<'ModifyImageAttribute' | 'DescribeImageAttribute' | 'ResetImageAttribute'> = {
  ModifyImageAttribute: {
    check(input, call) {
      const image = requireAvailable(input.ImageId, call)
      const changes = launchChanges(input)
      if (changes.some(({ add, kind }) => add && kind === 'groups')) checkPublic(image)
      const isSomething =
        [descriptionOf(input), imdsOf(input), input.ProductCodes].some((value) => value !== undefined) || changes.length > 0
      if (!isSomething) throw apiError('InvalidParameterCombination', 'No attributes specified.')
      if (![undefined, 'v2.0'].includes(imdsOf(input))) {
        throw apiError('InvalidParameterValue', `Invalid value '${imdsOf(input)}' for imdsSupport`)
      }
    },
    run(input, call) {
      const { data, launchPermissions } = requireAvailable(input.ImageId, call)
      applyPermissions(launchPermissions, launchChanges(input))
      data.Public = launchPermissions.groups.has('all')
      const description = descriptionOf(input)
      if (description !== undefined) data.Description = description
      if (imdsOf(input) !== undefined) data.ImdsSupport = 'v2.0'
      const codes = input.ProductCodes ?? []
      if (codes.length > 0) data.ProductCodes = codes.map((id) => ({ ProductCodeId: id, ProductCodeType: 'marketplace' as const }))
      return {}
    },
  },
  DescribeImageAttribute: {
    run({ ImageId, Attribute }, call) {
      const { id, data, launchPermissions } = requireOwnImage(ImageId, call)
      switch (Attribute) {
        case 'launchPermission':
          return { ImageId: id, LaunchPermissions: listPermissions(launchPermissions) }
        case 'description':
          return { ImageId: id, Description: { Value: data.Description } }
        case 'bootMode':
          return { ImageId: id, BootMode: { Value: data.BootMode } }
        case 'imdsSupport':
          return { ImageId: id, ImdsSupport: { Value: data.ImdsSupport } }
        case 'tpmSupport':
          return { ImageId: id, TpmSupport: { Value: data.TpmSupport } }
        case 'sriovNetSupport':
          return { ImageId: id, SriovNetSupport: { Value: data.SriovNetSupport } }
        case 'productCodes':
          return { ImageId: id, ProductCodes: data.ProductCodes ?? [] }
        case 'deregistrationProtection':
          return { ImageId: id, DeregistrationProtection: { Value: data.DeregistrationProtection ?? 'disabled' } }
        case 'blockDeviceMapping':
          throw apiError('AuthFailure', 'Unauthorized attempt to access restricted resource', 403)
        default:
          throw apiError('NotImplemented', `This emulator does not describe the attribute ${Attribute} of an image`)
      }
    },
  },
  ResetImageAttribute: {
    check: ({ ImageId }, call) => void requireOwnImage(ImageId, call),
    run({ ImageId }, call) {
      const { launchPermissions, data } = requireOwnImage(ImageId, call)
      for (const names of Object.values(launchPermissions)) names.clear()
      data.Public = false
      return {}
    },
  },
}

type ModifyInput = Ec2Api['ModifyImageAttribute']['input']

function launchChanges(input: ModifyInput): readonly PermissionChange[] {
  const { OperationType, UserIds, UserGroups, OrganizationArns, OrganizationalUnitArns, LaunchPermission } = input
  const { Add: added, Remove: removed } = LaunchPermission ?? {}
  return permissionChanges({ OperationType, UserIds, groups: UserGroups, OrganizationArns, OrganizationalUnitArns, added, removed })
}

function descriptionOf({ Attribute, Value, Description }: ModifyInput): string | undefined {
  return Description?.Value ?? (Attribute === 'description' ? Value : undefined)
}

function imdsOf({ Attribute, Value, ImdsSupport }: ModifyInput): string | undefined {
  return ImdsSupport?.Value ?? (Attribute === 'imdsSupport' ? Value : undefined)
}

function requireAvailable(id: string | undefined, call: Call): ImageResource {
  const image = requireOwnImage(id, call)
  if (image.data.State === 'available') return image
  throw apiError('InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available`)
}

function checkPublic({ id, data }: ImageResource): void {
  if (data.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.Encrypted === true) !== true) return
  throw apiError('InvalidParameter', `The image ${id} has encrypted snapshots and cannot be made public.`)
}
