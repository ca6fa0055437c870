import { apiError } from '../api-error.ts'
import type { DescribeFastLaunchImagesSuccessItem, Ec2Api } from '../aws-sdk.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { ImageResource } from '../state/region.ts'
import { findLaunchTemplate } from './launch-template-versions.ts'
import { requireOwnImage } from './images.ts'
import { dropUnusedDisk } from './unused-disks.ts'

/** The end of images, and what is put in its way. */
export const imageLifecycleOperations: Ec2Operations<
  | 'DeregisterImage'
  | 'EnableImageDeprecation'
  | 'DisableImageDeprecation'
  | 'EnableImageDeregistrationProtection'
  | 'DisableImageDeregistrationProtection'
  | 'EnableFastLaunch'
  | 'DisableFastLaunch'
  | 'DescribeFastLaunchImages'
> = {
  DeregisterImage: {
    check({ ImageId }, call) {
      const { id, data } = requireOwnImage(ImageId, call)
      if ((data.DeregistrationProtection ?? 'disabled') === 'disabled') return
      throw apiError('OperationNotPermitted', `The image ${id} cannot be deregistered because deregistration protection is enabled.`)
    },
    run({ ImageId, DeleteAssociatedSnapshots: deletes = false }, call) {
      const { region, world } = call
      const { id, data, rootDisk } = requireOwnImage(ImageId, call)
      region.images.remove(id)
      if (!deletes) return { Return: true }
      const ids = (data.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? [])
      const DeleteSnapshotResults = ids.map((SnapshotId) => {
        const isUsed = region.images
          .all()
          .some((image) => image.data.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.SnapshotId === SnapshotId))
        if (isUsed) return { SnapshotId, ReturnCode: 'skipped' as const }
        region.snapshots.remove(SnapshotId)
        return { SnapshotId, ReturnCode: 'success' as const }
      })
      dropUnusedDisk(world, rootDisk)
      return { Return: true, DeleteSnapshotResults }
    },
  },
  EnableImageDeprecation: {
    check({ ImageId, DeprecateAt }, call) {
      const image = requireOwnImage(ImageId, call)
      checkDeprecation(image, DeprecateAt, call)
    },
    run({ ImageId, DeprecateAt = new Date(0) }, call) {
      const { data } = requireOwnImage(ImageId, call)
      data.DeprecationTime = new Date(Math.floor(DeprecateAt.getTime() / 60_000) * 60_000).toISOString() // Amazon rounds seconds away
      return { Return: true }
    },
  },
  DisableImageDeprecation: {
    check: ({ ImageId }, call) => void requireOwnImage(ImageId, call),
    run({ ImageId }, call) {
      delete requireOwnImage(ImageId, call).data.DeprecationTime
      return { Return: true }
    },
  },
  EnableImageDeregistrationProtection: {
    check: ({ ImageId }, call) => void requireOwnImage(ImageId, call),
    run({ ImageId, WithCooldown = false }, call) {
      const state = WithCooldown ? 'enabled-with-cooldown' : 'enabled-without-cooldown'
      requireOwnImage(ImageId, call).data.DeregistrationProtection = state
      return { Return: state }
    },
  },
  DisableImageDeregistrationProtection: {
    check: ({ ImageId }, call) => void requireOwnImage(ImageId, call),
    run({ ImageId }, call) {
      const { data } = requireOwnImage(ImageId, call)
      // with a cooldown, the image stays protected for a day
      data.DeregistrationProtection = data.DeregistrationProtection === 'enabled-with-cooldown' ? 'disabling' : 'disabled'
      return { Return: data.DeregistrationProtection }
    },
  },
  EnableFastLaunch: {
    check({ ImageId, LaunchTemplate, MaxParallelLaunches = 6 }, call) {
      const { id, data } = requireOwnImage(ImageId, call)
      if (data.Platform !== 'Windows') throw apiError('InvalidRequest', `Fast launch is for Windows images, and ${id} is not one`)
      if (MaxParallelLaunches < 6)
        throw apiError('InvalidParameterValue', `MaxParallelLaunches must be at least 6, not ${MaxParallelLaunches}`)
      if (LaunchTemplate !== undefined) findLaunchTemplate(LaunchTemplate, call)
    },
    run(input, call) {
      const image = requireOwnImage(input.ImageId, call)
      const fastLaunch = fastLaunchOf(image, input, call)
      image.fastLaunch = fastLaunch
      call.world.later(call.world.delays.image, () => {
        if (image.fastLaunch === fastLaunch) image.fastLaunch = { ...fastLaunch, State: 'enabled' }
      })
      return fastLaunch
    },
  },
  DisableFastLaunch: {
    check: ({ ImageId }, call) => void requireOwnImage(ImageId, call),
    run({ ImageId }, call) {
      const image = requireOwnImage(ImageId, call)
      const { fastLaunch } = image
      if (fastLaunch === undefined) throw apiError('InvalidRequest', `Fast launch is not enabled for ${image.id}`)
      image.fastLaunch = undefined
      return { ...fastLaunch, State: 'disabling' as const }
    },
  },
  DescribeFastLaunchImages: {
    run({ ImageIds = [] }, { region, now }) {
      const images = ImageIds.length === 0 ? region.images.all() : ImageIds.map((id) => region.images.require(id, now))
      return { FastLaunchImages: images.flatMap(({ fastLaunch }) => fastLaunch ?? []) }
    },
  },
}

/** A private image may be deprecated within ten years, a public one within two. */
function checkDeprecation({ data }: ImageResource, at: Date | undefined, { now }: Call): void {
  const time = at?.getTime() ?? 0
  const years = data.Public === true ? 2 : 10
  if (time > now && time <= now + years * 366 * 86_400_000) return
  throw apiError('InvalidParameterValue', `Invalid value for DeprecateAt. It must be in the future, and within ${years} years.`)
}

function fastLaunchOf(
  { id }: ImageResource,
  { SnapshotConfiguration, LaunchTemplate, MaxParallelLaunches = 6 }: Ec2Api['EnableFastLaunch']['input'],
  { world, now }: Call,
): DescribeFastLaunchImagesSuccessItem {
  return {
    ImageId: id,
    OwnerId: world.account,
    ResourceType: 'snapshot',
    SnapshotConfiguration: { TargetResourceCount: SnapshotConfiguration?.TargetResourceCount ?? 5 },
    LaunchTemplate,
    MaxParallelLaunches,
    State: 'enabling',
    StateTransitionReason: 'Client.UserInitiated',
    StateTransitionTime: new Date(now),
  }
}
